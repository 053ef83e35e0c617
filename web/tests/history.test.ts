import { expect, test } from 'vitest';
import type { Point } from 'pointcast';
import { BUDGET_BYTES, History, KEPT_MS, numberOf } from '../src/live/history.js';

const T = 1_800_000_000_000;
const point = (time: number | null, value: Point['value'], more: Partial<Point> = {}): Point => ({ id: 'a', value, quality: 'good', time, live: true, ...more });
const steps = (history: History, id = 'a') => {
  const track = history.track(id);
  return track ? [...track.times].map((time, at) => [time - T, track.values[at]]) : undefined;
};
/** A history that was told these, each at that time of the gateway. */
function told(...all: (readonly [Point, number])[]): History {
  const history = new History();
  for (const [one, now] of all) history.record([one], now);
  return history;
}

test('a change stands at its own time', () => {
  expect(steps(told([point(T, 1), T + 30], [point(T + 100, 2), T + 130]))).toEqual([[0, 1], [100, 2]]);
});

test('what is told twice, as by two watches, is kept once', () => {
  expect(steps(told([point(T, 1), T + 30], [point(T, 1), T + 9_000]))).toEqual([[0, 1]]);
});

test('booleans are 0 and 1, text has no line', () => {
  expect(steps(told([point(T, true), T], [point(T + 1, false), T + 1]))).toEqual([[0, 1], [1, 0]]);
  expect(steps(told([point(T, 'on'), T]))).toBeUndefined();
});

test('digits are a number only where the type says so', () => {
  expect(numberOf('18446744073709551615', 'u64')).toBe(2 ** 64);
  expect(numberOf('-9223372036854775808', 'i64')).toBe(-(2 ** 63));
  expect(numberOf('12345678901234567890', 'string')).toBeNaN();
  expect(numberOf('12345678901234567890')).toBeNaN();
  expect(numberOf(Infinity)).toBeNaN();
  const history = new History();
  history.record([point(T, '18446744073709551615')], T, () => 'u64');
  expect(steps(history)).toEqual([[0, 2 ** 64]]);
});

test('before the first good value there is nothing, not even a gap', () => {
  expect(steps(told([point(null, null, { quality: 'bad', reason: 'waiting' }), T]))).toBeUndefined();
});

test('a value that is not read any more ends when that was told, not at its own time', () => {
  const timeout = point(T, 1, { quality: 'bad', reason: 'timeout' });
  expect(steps(told([point(T, 1), T], [timeout, T + 5_000]))).toEqual([[0, 1], [5_000, NaN]]);
});

test('since when it is not good counts where it is known', () => {
  const timeout = point(T, 1, { quality: 'bad', reason: 'timeout', since: T + 4_000 });
  expect(steps(told([point(T, 1), T], [timeout, T + 5_000]))).toEqual([[0, 1], [4_000, NaN]]);
});

test('a reading that is not good begins the gap at its own time', () => {
  const wild = point(T + 700, 999, { quality: 'uncertain', reason: 'out_of_range' });
  expect(steps(told([point(T, 1), T], [wild, T + 750]))).toEqual([[0, 1], [700, NaN]]);
});

test('a gap begins once, and ends with the next good value at its time', () => {
  const bad = point(T, 1, { quality: 'bad', reason: 'timeout' });
  const history = told([point(T, 1), T], [bad, T + 10], [{ ...bad, reason: 'no_communication' }, T + 20], [point(T + 40, 1), T + 50]);
  expect(steps(history)).toEqual([[0, 1], [10, NaN], [40, 1]]);
});

test('contact lost: a gap from when the gateway was last heard; what comes back unchanged stands from then on', () => {
  const history = told([point(T, 1), T + 10], [point(T, 1, { live: false }), T + 3_000], [point(T, 1), T + 13_000]);
  expect(steps(history)).toEqual([[0, 1], [3_000, NaN], [13_000, 1]]);
});

test('after a reconnect a value changed meanwhile stands from its own time on: before that nothing is known', () => {
  const history = told([point(T, 1), T + 10], [point(T, 1, { live: false }), T + 3_000], [point(T + 8_000, 2), T + 13_000]);
  expect(steps(history)).toEqual([[0, 1], [3_000, NaN], [8_000, 2]]);
});

test('contact that was lost before the newest value came ends after it', () => {
  expect(steps(told([point(T + 100, 1), T + 100], [point(T + 100, 1, { live: false }), T + 50]))).toEqual([[100, 1], [100, NaN]]);
});

test('a device whose clock is behind: its values are placed when they came, in the order in which they came', () => {
  const history = told([point(T, 1), T], [point(T - 60_000, 2), T + 1_000], [point(T - 59_000, 3), T + 2_000]);
  expect(steps(history)).toEqual([[0, 1], [1_000, 2], [2_000, 3]]);
});

test('a device whose clock is ahead: its values are placed when they came', () => {
  const history = told([point(T + 3_600_000, 1), T], [point(T + 3_601_000, 2), T + 1_000]);
  expect(steps(history)).toEqual([[0, 1], [1_000, 2]]);
});

test('a point that nobody watches any more, or that was removed, is not known', () => {
  const history = new History();
  history.enter('a');
  history.enter('a');
  history.record([point(T, 1)], T);
  history.leave('a', T + 1_000);
  expect(steps(history)).toEqual([[0, 1]]);
  history.leave('a', T + 2_000);
  expect(steps(history)).toEqual([[0, 1], [2_000, NaN]]);
});

test('an hour is kept, with the value that stood when it began', () => {
  const history = new History();
  for (let at = 0; at <= 3_700; at += 1) history.record([point(T + at * 1_000, at)], T + at * 1_000);
  const track = history.track('a');
  expect((track?.times[0] ?? 0) - T).toBe(100_000);
  expect(track?.times.length).toBe(3_601);
});

test('a value that never changes stands however long', () => {
  const history = told([point(T, 7), T]);
  history.record([{ ...point(T + 2 * KEPT_MS, 1), id: 'b' }], T + 2 * KEPT_MS);
  expect(steps(history)).toEqual([[0, 7]]);
});

test('what ended more than an hour ago is forgotten', () => {
  const history = told([point(T, 7), T]);
  history.leave('a', T + 1);
  history.record([{ ...point(T + 2 * KEPT_MS, 1), id: 'b' }], T + 2 * KEPT_MS);
  expect(steps(history)).toBeUndefined();
  expect(history.bytes).toBeLessThan(1_000);
});

/** Ten points that change ten times a second for ten minutes. */
function busy(history: History, ids: readonly string[], seconds = 600): void {
  for (let at = 0; at < seconds * 10; at += 1) {
    const now = T + at * 100;
    history.record(ids.map((id) => ({ ...point(now, at), id })), now);
  }
}

test('all together stay within the budget, and what is oldest of the others gives way to the points of a trend', () => {
  const budget = 400_000;
  const history = new History(budget);
  history.keep(['kept']);
  const ids = ['kept', ...Array.from({ length: 9 }, (_, at) => `other${at}`)];
  busy(history, ids);
  expect(history.bytes).toBeLessThanOrEqual(budget);
  expect(history.track('kept')?.times.length).toBe(6_000);
  const others = ids.slice(1).map((id) => history.track(id));
  for (const other of others) expect(other?.values.at(-1)).toBe(5_999);
  expect(others[0]?.times.length).toBeGreaterThan(500);
  expect(others[0]?.times[0]).toBeGreaterThan(T + 300_000);
});

test('where the trend alone is too much, its oldest goes too', () => {
  const history = new History(40_000);
  history.keep(['kept']);
  busy(history, ['kept', 'other']);
  expect(history.bytes).toBeLessThanOrEqual(40_000);
  expect(history.track('kept')?.times.length).toBeGreaterThan(1_000);
  expect(history.track('kept')?.values.at(-1)).toBe(5_999);
});

test('very many points: those that changed longest ago go whole', () => {
  const history = new History(100_000);
  for (let at = 0; at < 10_000; at += 1) history.record([{ ...point(T + at, at), id: `p${at}` }], T + at);
  expect(history.bytes).toBeLessThanOrEqual(100_000);
  expect(history.track('p0')).toBeUndefined();
  expect(history.track('p9999')).toBeDefined();
});

test('points that change alike fill the budget and stay there: none loses what there is room for', () => {
  const budget = 1_000_000;
  const history = new History(budget);
  const ids = Array.from({ length: 200 }, (_, at) => `p${at}`);
  const seen: number[] = [];
  for (let at = 0; at < 1_500; at += 1) {
    history.record(ids.map((id) => ({ ...point(T + at * 1_000, at), id })), T + at * 1_000);
    seen.push(history.bytes);
  }
  const full = seen.slice(seen.findIndex((bytes) => bytes > budget * 0.75));
  expect(full.length).toBeGreaterThan(1_000);
  expect(Math.max(...full)).toBeLessThanOrEqual(budget);
  expect(Math.min(...full)).toBeGreaterThan(budget * 0.75);
  for (const id of ids) {
    const track = history.track(id);
    expect(track?.values.at(-1)).toBe(1_499);
    expect(track?.times.length).toBeGreaterThan(120);
  }
});

test('the bytes that are counted are those that are held', () => {
  const history = new History();
  busy(history, ['a', 'b'], 60);
  const held = ['a', 'b'].reduce((sum, id) => sum + 2 * (history.track(id)?.times.buffer.byteLength ?? 0), 0);
  expect(history.bytes).toBe(held + 2 * 400);
  expect(BUDGET_BYTES).toBeLessThanOrEqual(64 * 2 ** 20);
});
