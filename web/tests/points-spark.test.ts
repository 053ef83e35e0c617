import { expect, test } from 'vitest';
import { type Box, spark } from '../src/points/spark.js';

const line = (times: number[], values: number[], box = BOX) => spark({ times: Float64Array.from(times), values: Float64Array.from(values) }, box);
const BOX: Box = { width: 10, height: 12, from: 1_000, to: 2_000 };

test('a value stands until the next, and the last one until now', () => {
  expect(line([1_000, 1_500], [0, 10])).toEqual({ path: 'M0 11H5V1H10', low: 0, high: 10 });
});

test('what stood before the box stands in it', () => {
  expect(line([0, 500], [7, 5])).toEqual({ path: 'M0 6H10', low: 5, high: 5 });
});

test('a gap where there was no good value', () => {
  expect(line([1_000, 1_350, 1_700], [5, NaN, 5])?.path).toBe('M0 6H4M7 6H10');
  expect(line([1_000, 1_350], [5, NaN])?.path).toBe('M0 6H4');
});

test('nothing where nothing is known', () => {
  expect(spark(undefined, BOX)).toBeNull();
  expect(line([500], [NaN])).toBeNull();
  expect(line([3_000], [1])).toBeNull();
});

test('however many changes, each column shows its lowest and highest', () => {
  const times = Array.from({ length: 1_000 }, (_, at) => 1_000 + at);
  const drawn = line(times, times.map((time) => time % 2));
  expect(drawn).toMatchObject({ low: 0, high: 1 });
  expect(drawn?.path.length).toBeLessThan(250);
  expect(drawn?.path).toContain('L4 1V11V1');
});

test('noise does not fill the height where the range says that it is little', () => {
  const path = line([1_000, 1_500], [50, 50.4], { ...BOX, least: 10 })?.path;
  expect(path).toBe('M0 6.2H5V5.8H10');
});
