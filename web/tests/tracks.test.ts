import { expect, test } from 'vitest';
import type { Track } from '../src/live/history.js';
import { MOST_CHANGES, keptOf, takenBack } from '../src/live/kept.js';
import { cut, joined } from '../src/live/tracks.js';

const HOUR = 3_600_000;
const T = 1_800_000_000_000;
const track = (...steps: readonly (readonly [number, number])[]): Track => ({
  times: Float64Array.from(steps, ([time]) => time), values: Float64Array.from(steps, ([, value]) => value),
});
const steps = ({ times, values }: Track) => [...times].map((time, at) => [time, values[at]]);
const LINE = track([10, 1], [20, 2], [30, NaN], [40, 3]);

// ---- cutting and joining ----

test('what stood when a track is cut stands from then', () => {
  expect(steps(cut(LINE, 25, 99))).toEqual([[25, 2], [30, NaN], [40, 3]]);
  expect(steps(cut(LINE, 20, 99))).toEqual([[20, 2], [30, NaN], [40, 3]]);
  expect(steps(cut(LINE, 0, 99))).toEqual(steps(LINE));
  expect(steps(cut(LINE, 99, 99))).toEqual([[99, 3]]);
  expect(steps(cut(LINE, 0, 2))).toEqual([[30, NaN], [40, 3]]);
  expect(steps(cut(track(), 0, 2))).toEqual([]);
});

test('a cut is a copy of its own', () => {
  const one = cut(LINE, 0, 99);
  one.values[0] = 99;
  expect(LINE.values[0]).toBe(1);
  expect(one.times.buffer.byteLength).toBe(4 * 8);
});

test('between what was known and what is told first is a gap', () => {
  expect(steps(joined(LINE, 50, track([70, 4], [80, 5]), 70))).toEqual([...steps(LINE), [50, NaN], [70, 4], [80, 5]]);
});

test('a value that has its time from before stands from when it was told, changed or not', () => {
  expect(steps(joined(track([10, 1]), 50, track([10, 1], [80, 5]), 70))).toEqual([[10, 1], [50, NaN], [70, 1], [80, 5]]);
  expect(steps(joined(track([10, 1]), 50, track([60, 4], [80, 5]), 70))).toEqual([[10, 1], [50, NaN], [70, 4], [80, 5]]);
});

test('what is told after what was known is never before it, though clocks differ a little', () => {
  expect(steps(joined(track([10, 1], [52, 2]), 50, track([45, 1]), 46))).toEqual([[10, 1], [50, NaN], [50, 1]]);
});

test('no gap follows another', () => {
  expect(steps(joined(track([10, 1], [20, NaN]), 50, track([60, NaN], [70, 2]), 60))).toEqual([[10, 1], [20, NaN], [70, 2]]);
  expect(steps(joined(track(), 50, track([60, NaN], [70, 2]), 60))).toEqual([[70, 2]]);
  expect(steps(joined(track([10, 1]), 50, undefined, 60))).toEqual([[10, 1], [50, NaN]]);
});

// ---- what a browser keeps ----

const KEPT = keptOf('run', T, -Infinity, [['a', track([T - 2_000, 1], [T - 1_000, 2])], ['b', undefined]]);

test('what was kept of this run is taken back', () => {
  expect(takenBack([KEPT], 'run', T + 1_000)).toEqual(KEPT.lines.map((line) => ({ ...line, until: T })));
  expect(KEPT.lines.map(({ id }) => id)).toEqual(['a']);
});

test('of several pages all that any of them knew is taken back, and nothing between', () => {
  const page = (until: number, id: string, ...all: readonly (readonly [number, number])[]) =>
    keptOf('run', T + until, -Infinity, [[id, track(...all.map(([time, value]) => [T + time, value] as const))]]);
  const back = (...pages: readonly ReturnType<typeof page>[]) =>
    takenBack(pages, 'run', T + 100).map(({ id, until, ...line }) => [id, until - T, steps(line).map(([time = NaN, value]) => [time - T, value])]);
  const [long, short] = [page(50, 'a', [0, 1], [10, 2]), page(90, 'a', [40, 2], [60, 3])];
  for (const pages of [[long, short], [short, long]]) expect(back(...pages)).toEqual([['a', 90, [[0, 1], [10, 2], [50, NaN], [50, 2], [60, 3]]]]);
  const later = page(90, 'a', [70, 3]);
  for (const pages of [[long, later], [later, long]]) expect(back(...pages)).toEqual([['a', 90, [[0, 1], [10, 2], [50, NaN], [70, 3]]]]);
  const within = page(40, 'a', [20, 9]);
  for (const pages of [[long, within], [within, long]]) expect(back(...pages)).toEqual([['a', 50, [[0, 1], [10, 2]]]]);
  const passedOn = page(95, 'a', [0, 1], [5, NaN]);
  for (const pages of [[long, passedOn], [passedOn, long]]) expect(back(...pages)).toEqual([['a', 50, [[0, 1], ...(pages[0] === long ? [] : [[5, NaN], [5, 1]]), [10, 2]]]]);
  expect(back(long, page(90, 'b', [40, 5]))).toEqual([['a', 50, [[0, 1], [10, 2]]], ['b', 90, [[40, 5]]]]);
});

test('nothing is taken back of another run or gateway, of more than an hour ago, or of the future', () => {
  expect(takenBack([KEPT], 'another', T)).toEqual([]);
  expect(takenBack([KEPT], 'run', T + HOUR)).toEqual([]);
  expect(takenBack([KEPT], 'run', T - 60_000)).toEqual([]);
});

test('what is older than the hour is left out on both ways, and so is what is of an earlier run', () => {
  const line = track([T - 2 * HOUR, 1], [T - 1_800_000, 2], [T - 1_000, 3]);
  expect(steps(keptOf('run', T, -Infinity, [['a', line]]).lines[0] ?? line)).toEqual([[T - HOUR, 1], [T - 1_800_000, 2], [T - 1_000, 3]]);
  expect(steps(takenBack([keptOf('run', T, -Infinity, [['a', line]])], 'run', T + 1_800_000)[0] ?? line)).toEqual([[T - 1_800_000, 2], [T - 1_000, 3]]);
  expect(steps(keptOf('run', T, T - 5_000, [['a', line]]).lines[0] ?? line)).toEqual([[T - 5_000, 2], [T - 1_000, 3]]);
});

test('there is an end to how much is kept', () => {
  const much = track(...Array.from({ length: MOST_CHANGES + 10 }, (_, at) => [T - MOST_CHANGES - 10 + at, at] as const));
  const { lines } = keptOf('run', T, -Infinity, Array.from({ length: 20 }, (_, at) => [`p${at}`, much] as const));
  expect(lines.length).toBe(12);
  expect(lines[0]?.times.length).toBe(MOST_CHANGES);
  expect(lines[0]?.times.at(-1)).toBe(T - 1);
});

test('what is found and is no such thing does no harm', () => {
  for (const found of [null, undefined, 7, 'run', {}, { run: 'run' }, { ...KEPT, until: '1' }, { ...KEPT, until: NaN }, { ...KEPT, lines: 'a' }]) {
    expect(takenBack([found], 'run', T)).toEqual([]);
  }
  const [line] = KEPT.lines;
  const wrong = [null, { ...line, id: 'a/*' }, { ...line, id: 7 }, { ...line, times: [1, 2] }, { ...line, values: Float64Array.of(1) }, { ...line, times: Float64Array.of(T, T - 1) }, { ...line, ...track() },
    { ...line, times: Float64Array.of(NaN, T) }];
  expect(takenBack([{ ...KEPT, lines: wrong }], 'run', T)).toEqual([]);
});
