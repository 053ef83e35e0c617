import { expect, test } from 'vitest';
import type { PointInfo } from 'pointcast';
import { causeOf } from '../src/points/error.js';
import { deviceOf, isTroubled, passing, wordsOf } from '../src/points/filter.js';

const infos = new Map<string, PointInfo>([
  ['boiler/supply', { id: 'boiler/supply', value: 1, quality: 'good', time: 0, type: 'f32', unit: '°C', device: 'boiler', description: 'Water to the building', writable: false }],
  ['pump/mode', { id: 'pump/mode', value: 1, quality: 'good', time: 0, type: 'u16', device: 'pumps', labels: { 1: 'Night' }, writable: false }],
]);
const ids = ['boiler/supply', 'pump/mode', 'new/Point', '$devices/boiler/state'];
const found = (words: string, device: string | null = null) => passing(ids, (id) => infos.get(id), wordsOf(words), device);

test('every word must stand somewhere in what is known, whatever its case', () => {
  expect(found('WATER boiler')).toEqual(['boiler/supply']);
  expect(found('water pump')).toEqual([]);
  expect(found('°c')).toEqual(['boiler/supply']);
  expect(found('night')).toEqual(['pump/mode']);
  expect(found('point')).toEqual(['new/Point']);
  expect(found('  ')).toEqual(ids);
});

test('a device’s points are those it is said to have, and what the gateway says of it', () => {
  expect(found('', 'boiler')).toEqual(['boiler/supply', '$devices/boiler/state']);
  expect(found('supply', 'pumps')).toEqual([]);
  expect(deviceOf('new/Point', undefined)).toBeNull();
});

test('trouble is a matter of quality, not of contact', () => {
  const point = { id: 'a', value: 1, quality: 'good' as const, time: 0, live: false };
  expect(isTroubled(point)).toBe(false);
  expect(isTroubled({ ...point, quality: 'uncertain' })).toBe(true);
  expect(isTroubled(undefined)).toBe(false);
});

test('a cause is what stands behind the last colon, and the device’s own name is not repeated', () => {
  expect(causeOf('device "boiler", unit 2: no reply within 500 ms', 'boiler')).toEqual({ whole: 'unit 2: no reply within 500 ms', cause: 'no reply within 500 ms' });
  expect(causeOf('gone', 'boiler')).toEqual({ whole: 'gone', cause: 'gone' });
  expect(causeOf(`a: ${'x'.repeat(200)}`, 'b').cause).toHaveLength(90);
});
