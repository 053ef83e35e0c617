import { expect, test } from 'vitest';
import type { Track } from '../src/live/history.js';
import { indexAt, isKnownWithin, strokeOf, valueAt } from '../src/trends/decimate.js';

const track = (...steps: readonly (readonly [number, number])[]): Track => ({
  times: Float64Array.from(steps, ([time]) => time), values: Float64Array.from(steps, ([, value]) => value),
});
const corners = ({ times, values }: ReturnType<typeof strokeOf>) => times.map((time, at) => [time, values[at]]);
const WHOLE = { from: 0, to: 100, columns: 100 };

test('the change at or before a time', () => {
  const times = Float64Array.of(10, 20, 20, 30);
  expect([5, 10, 15, 20, 99].map((time) => indexAt(times, time))).toEqual([-1, 0, 0, 2, 3]);
});

test('a value stands until the next change, and before the first there is none', () => {
  const one = track([10, 1], [20, NaN], [30, 2]);
  expect([5, 10, 19, 20, 29, 30, 1e9].map((time) => valueAt(one, time, 1e9))).toEqual([NaN, 1, 1, NaN, NaN, 2, 2]);
  expect(valueAt(undefined, 1, 1)).toBeNaN();
});

test('whether anything is known of a stretch', () => {
  const one = track([10, 1], [20, NaN], [30, 2]);
  const known = (from: number, to: number) => isKnownWithin(one, from, to, 1e9);
  expect([known(0, 9), known(0, 10), known(12, 15), known(20, 29), known(15, 25), known(25, 30), known(90, 99)]).toEqual([false, true, true, false, true, true, true]);
  expect(isKnownWithin(undefined, 0, 9, 9)).toBe(false);
});

test('nothing is known of what is to come', () => {
  const one = track([10, 1], [20, 2]);
  expect([valueAt(one, 30, 30), valueAt(one, 31, 30), valueAt(one, 20, 15)]).toEqual([2, NaN, NaN]);
  expect([isKnownWithin(one, 30, 40, 30), isKnownWithin(one, 31, 40, 30), isKnownWithin(one, 5, 40, 9)]).toEqual([true, false, false]);
});

test('steps: a value is drawn until the next, the newest up to what is known', () => {
  expect(corners(strokeOf(track([10, 1], [20, 3]), WHOLE, 60))).toEqual([[10, 1], [20, 1], [20, 3], [60, 3]]);
});

test('a value that stands is drawn to the end of the window, not beyond', () => {
  expect(corners(strokeOf(track([10, 1]), WHOLE, 5_000))).toEqual([[10, 1], [100, 1]]);
});

test('a gap is a gap: nothing from its beginning to the next value', () => {
  const stroke = strokeOf(track([10, 1], [20, NaN], [50, 2]), WHOLE, 60);
  expect(corners(stroke)).toEqual([[10, 1], [20, 1], [20, NaN], [50, 2], [60, 2]]);
});

test('a line that ended in a gap is not drawn up to now', () => {
  expect(corners(strokeOf(track([10, 1], [20, NaN]), WHOLE, 60))).toEqual([[10, 1], [20, 1], [20, NaN]]);
});

test('a value from before the window is drawn from its beginning on', () => {
  const stroke = strokeOf(track([-500, 7], [-400, 8], [40, 9]), WHOLE, 60);
  expect(corners(stroke)).toEqual([[-400, 8], [40, 8], [40, 9], [60, 9]]);
});

test('where a line is cut it has the value that stood', () => {
  const one = track([10, 1], [50, 3], [55, 5], [60, NaN], [70, 2], [120, 9]);
  const { times, values } = strokeOf(one, WHOLE, 130);
  for (const time of [10, 30, 49, 50, 52, 57, 65, 75, 99]) {
    // What is between the corners beside it lies on the line from one to the other.
    const at = times.findLastIndex((corner) => corner <= time);
    const [before = NaN, after = values[at]] = [values[at], values[at + 1]];
    const part = (time - (times[at] ?? NaN)) / ((times[at + 1] ?? Infinity) - (times[at] ?? NaN));
    expect(before + ((after ?? NaN) - before) * part).toBe(valueAt(one, time, 130));
  }
});

test('extremes are those of what is seen', () => {
  const { low, high } = strokeOf(track([-900, 99], [-800, 5], [10, 7], [20, NaN], [30, -2], [200, 1_000]), WHOLE, 300);
  expect([low, high]).toEqual([-2, 7]);
  expect(strokeOf(track([10, 1], [20, NaN]), { from: 30, to: 40, columns: 10 }, 40).low).toBeNaN();
});

/** A wave of 100 000 changes with one peak of a single change. */
function wave(peakAt = 54_321): Track {
  const times = Float64Array.from({ length: 100_000 }, (_, at) => at);
  const values = times.map((time) => (time === peakAt ? 50 : Math.sin(time / 7_000)));
  return { times, values };
}

test('however many changes, no more corners than the pixels need', () => {
  const { times } = strokeOf(wave(), { from: 0, to: 100_000, columns: 500 }, 100_000);
  expect(times.length).toBeLessThanOrEqual(500 * 8 + 8);
});

test('no peak is lost, wherever it is', () => {
  for (const at of [0, 1, 199, 200, 54_321, 99_999]) {
    const { high, times, values } = strokeOf(wave(at), { from: 0, to: 100_000, columns: 500 }, 100_000);
    expect(high).toBe(50);
    expect(times[values.indexOf(50)]).toBe(at);
  }
});

test('corners are in the order of time', () => {
  const { times } = strokeOf(wave(), { from: 1_000, to: 90_000, columns: 300 }, 100_000);
  expect(times.every((time, at) => at === 0 || time >= (times[at - 1] ?? 0))).toBe(true);
});

test('a gap shorter than a pixel is kept', () => {
  const one = wave();
  one.values[40_000] = NaN;
  const { values, times } = strokeOf(one, { from: 0, to: 100_000, columns: 500 }, 100_000);
  expect(times[values.findIndex(Number.isNaN)]).toBe(40_000);
});

test('columns stand still while the window moves', () => {
  const drawn = (from: number) => {
    const { times } = strokeOf(wave(), { from, to: from + 50_000, columns: 500 }, 100_000);
    return times.filter((time) => time > 30_000 && time < 40_000);
  };
  expect(drawn(10_037)).toEqual(drawn(10_000));
});
