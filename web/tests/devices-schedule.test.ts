import { describe, expect, test } from 'vitest';
import { MOST_BLOCKS, type Recurring, phase, predict, ticks, windows } from '../src/devices/schedule.js';

const every = (everyMs: number, busyMs = 10, place = 0): Recurring => ({ everyMs, wireMs: busyMs, busyMs, place });

describe('the place of a request within its interval', () => {
  // What `Rhythm::begin` in drivers/modbus/src/schedule.rs gives for an interval of a second, in nanoseconds.
  test.each([['greenhouse', 0, 726_958_434], ['plant', 3, 912_557_529], ['línea', 7, 27_964_355]])('is the gateway’s own for %s at %i', (channel, place, nanos) => {
    expect(Math.floor(phase(channel, place) * 1e9)).toBe(nanos);
  });
  test('lies apart for those of one channel', () => {
    const places = Array.from({ length: 8 }, (_, place) => phase('line', place)).sort((one, other) => one - other);
    const gaps = places.slice(1).map((place, at) => place - (places[at] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(0.05);
  });
});

describe('what a channel does', () => {
  test('is one request at a time, each once an interval', () => {
    const requests = [every(100, 10, 0), every(200, 30, 1), every(1_000, 50, 2)];
    const { blocks, busy, skipped } = predict('line', requests, 1_000);
    const ends = blocks.map(({ startMs, busyMs }) => startMs + busyMs);
    expect(blocks.slice(1).every(({ startMs }, at) => startMs >= (ends[at] ?? 0))).toBe(true);
    expect([0, 1, 2].map((of) => blocks.filter((block) => block.of === of).length)).toEqual([10, 5, 1]);
    expect(busy).toBeCloseTo(0.3, 1);
    expect(skipped).toBe(0);
  });
  test('of those that have begun the one that ends first comes first', () => {
    // While the long one is on the wire both others begin; the one of the shorter interval ends first, whatever its place.
    const requests = [every(1_000, 900, 0), every(400, 5, 1), every(300, 5, 2)];
    const { blocks } = predict('line', requests, 2_000);
    const long = blocks.findIndex(({ of }) => of === 0);
    const [next, then] = blocks.slice(long + 1);
    const due = (of: number) => phase('line', of) * (requests[of]?.everyMs ?? 0);
    const end = (of: number, atMs: number) => {
      const { everyMs } = requests[of] ?? { everyMs: 1 };
      const passed = blocks.filter((block) => block.of === of && block.startMs < atMs).length;
      return due(of) + everyMs * (passed + 1);
    };
    const startMs = blocks[long]?.startMs ?? 0;
    expect([next?.of, then?.of].sort()).toEqual([1, 2]);
    expect(end(next?.of ?? 0, startMs)).toBeLessThanOrEqual(end(then?.of ?? 0, startMs));
  });
  test('what there is no time for is skipped and counted, and everybody has a turn', () => {
    const { blocks, busy, skipped } = predict('line', [every(100, 80, 0), every(100, 80, 1)], 2_000);
    expect(busy).toBeGreaterThan(0.95);
    expect(skipped).toBeGreaterThan(5);
    const turns = [0, 1].map((of) => blocks.filter((block) => block.of === of).length);
    expect(Math.abs((turns[0] ?? 0) - (turns[1] ?? 0))).toBeLessThanOrEqual(1);
  });
  test('a request that reaches beyond the window counts as far as it lies in it', () => {
    const { busy } = predict('line', [every(1_000, 990)], 1_000);
    expect(busy).toBeLessThanOrEqual(1);
  });
  test('what takes no time that is known, or is never asked, is left out', () => {
    expect(predict('line', [every(0), every(100, 0)], 1_000)).toEqual({ blocks: [], busy: 0, skipped: 0, isCut: false });
  });
  test('no more than so many are kept, and that is told', () => {
    const { blocks, isCut, busy } = predict('line', [every(1, 0.5)], 1_000_000);
    expect([blocks.length, isCut]).toEqual([MOST_BLOCKS, true]);
    expect(busy).toBeCloseTo(0.5, 1);
  });
});

describe('the length of a picture', () => {
  test('takes in the longest interval, but no rare request', () => {
    expect(windows([every(250), every(500), every(2_000)]).best).toBe(2_000);
    expect(windows([every(500), every(3_600_000)]).best).toBe(500);
    expect(windows([every(60_000)]).best).toBe(60_000);
  });
  test('is no longer than what fits into a picture', () => {
    const many = Array.from({ length: 400 }, () => every(1_000, 1));
    const { choices, best } = windows(many);
    expect(best).toBe(1_000);
    expect(Math.max(...choices)).toBe(2_000);
    expect(choices).toContain(best);
  });
  test('is none where nothing is asked', () => {
    expect(windows([])).toEqual({ choices: [], best: 0 });
    expect(windows([every(0)])).toEqual({ choices: [], best: 0 });
  });
  test('has marks at round figures', () => {
    expect(ticks(2_000)).toEqual([0, 500, 1_000, 1_500, 2_000]);
    expect(ticks(30_000)).toEqual([0, 10_000, 20_000, 30_000]);
    expect(ticks(500)).toEqual([0, 100, 200, 300, 400, 500]);
  });
});
