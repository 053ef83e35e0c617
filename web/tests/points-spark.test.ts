import { expect, test } from 'vitest';
import { spark } from '../src/points/spark.js';

const BOX = { width: 10, height: 12, from: 1_000, to: 2_000 };

test('a value stands until the next, and the last one until now', () => {
  expect(spark({ times: [1_000, 1_500], values: [0, 10] }, BOX)).toEqual({ path: 'M0 11H5V1H10', low: 0, high: 10 });
});

test('what stood before the box stands in it', () => {
  expect(spark({ times: [0, 500], values: [7, 5] }, BOX)).toEqual({ path: 'M0 6H10', low: 5, high: 5 });
});

test('a gap where there was no good value', () => {
  expect(spark({ times: [1_000, 1_350, 1_700], values: [5, NaN, 5] }, BOX)?.path).toBe('M0 6H4M7 6H10');
  expect(spark({ times: [1_000, 1_350], values: [5, NaN] }, BOX)?.path).toBe('M0 6H4');
});

test('nothing where nothing is known', () => {
  expect(spark(undefined, BOX)).toBeNull();
  expect(spark({ times: [500], values: [NaN] }, BOX)).toBeNull();
  expect(spark({ times: [3_000], values: [1] }, BOX)).toBeNull();
});

test('however many changes, each column shows its lowest and highest', () => {
  const times = Array.from({ length: 1_000 }, (_, at) => 1_000 + at);
  const line = spark({ times, values: times.map((time) => time % 2) }, BOX);
  expect(line).toMatchObject({ low: 0, high: 1 });
  expect(line?.path.length).toBeLessThan(250);
  expect(line?.path).toContain('L4 1V11V1');
});

test('noise does not fill the height where the range says that it is little', () => {
  const path = spark({ times: [1_000, 1_500], values: [50, 50.4] }, { ...BOX, least: 10 })?.path;
  expect(path).toBe('M0 6.2H5V5.8H10');
});
