import { describe, expect, test } from 'vitest';
import { Kept, boundsOf, coursePath } from '../src/devices/course-line.js';
import { lookOfState, standingOf } from '../src/devices/parts.js';
import { failuresOf, shareOfRequests } from '../src/devices/failures.js';
import { nameOf } from '../src/devices/page.js';
import { illOf } from '../src/devices/points.js';
import type { PlanLine } from '../src/devices/report.js';
import { offsetText, partedText, requestText, shareText, shortTimeText } from '../src/devices/words.js';
import { pointOf } from './fake.js';

describe('words', () => {
  test('a share has a digit behind the point below ten, and what is small is no nothing', () => {
    expect([0, 0.0001, 0.0012, 0.08, 0.0999, 0.123, 1, 1.2, null, NaN].map(shareText))
      .toEqual(['0 %', '< 0.1 %', '0.1 %', '8.0 %', '10 %', '12 %', '100 %', '120 %', '—', '—']);
  });
  test('a share and the rest add up', () => {
    expect([0, 0.00001, 0.003, 0.42, 0.9996, 0.99999, 1, 1.2].map((one) => partedText(one).join(' + '))).toEqual([
      '0 % + 100 %', '0.1 % + 99.9 %', '0.3 % + 99.7 %', '42 % + 58 %', '99.9 % + 0.1 %', '99.9 % + 0.1 %', '100 % + 0 %', '100 % + 0 %',
    ]);
  });
  test('what failed is no more than what was tried, and a request fails once', () => {
    const of = (driver: string, requests: number, timeouts: number, exceptions: number, malformed: number) => {
      const { count, share } = failuresOf({ driver, requests, timeouts, exceptions, malformed });
      return [count, share];
    };
    expect(of('modbus-rtu', 0, 0, 0, 0)).toEqual([0, null]);
    expect(of('modbus-rtu', 0, 10, 0, 0)).toEqual([10, null]);
    expect(of('modbus-rtu', 40, 6, 4, 0)).toEqual([10, 0.25]);
    expect(of('modbus-rtu', 100, 50, 0, 180)).toEqual([50, 0.5]);
    expect(of('modbus-tcp', 100, 101, 0, 0)).toEqual([101, 1]);
    expect(of('mqtt', 2, 8, 0, 0)).toEqual([8, 0.8]);
    expect(of('serial', 30, 0, 0, 6)).toEqual([6, 0.2]);
  });
  test('what is counted otherwise than by requests is no share of them', () => {
    const shares = (driver: string, requests: number) => ['requests', 'timeouts', 'exceptions', 'malformed', 'damaged', 'late'].map((kind) => shareOfRequests(kind, 10, { driver, requests }));
    expect(shares('modbus-tcp', 40)).toEqual([null, 0.25, 0.25, null, null, 0.25]);
    expect(shares('mqtt', 40)).toEqual([null, null, null, 0.25, 0.25, null]);
    expect(shares('modbus-tcp', 0)).toEqual([null, null, null, null, null, null]);
    expect(shareOfRequests('timeouts', 0, { driver: 'modbus-tcp', requests: 10 })).toBeNull();
  });
  test('a short time has three digits', () => {
    expect([0.0512, 2.0008, 9.996, 21.04, 306.4, 12_345, null].map(shortTimeText))
      .toEqual(['0.05 ms', '2.00 ms', '10.0 ms', '21.0 ms', '306 ms', '12,345 ms', '—']);
  });
  test('a moment of a picture has the digits that it needs', () => {
    expect([offsetText(100, 500), offsetText(1_500, 2_000), offsetText(1_000, 2_000), offsetText(20_000, 60_000)])
      .toEqual(['100 ms', '1.5 s', '1 s', '20 s']);
  });
  test('a request is told in words where it came in parts', () => {
    const line = (parts: PlanLine['parts']) => requestText({ request: 'as it came', parts } as PlanLine);
    expect(line({ unit: 1, function: 3, table: 'holding registers', start: 100, count: 7 })).toBe('03 holding registers 100–106');
    expect(line({ unit: 1, function: 1, table: 'coils', start: 8, count: 1 })).toBe('01 coils 8');
    expect(line({ unit: 1, function: 3, table: 'holding registers of SunSpec model 103', count: 7 })).toBe('as it came');
    expect(line({})).toBe('as it came');
  });
});

describe('a device’s state', () => {
  test('is that of its own point, with its time', () => {
    expect(standingOf(pointOf('$devices/a/state', { value: 'degraded' }))).toEqual({ state: 'degraded', since: 1_000, isLive: true });
  });
  test('is unknown while it is not live, whatever it was', () => {
    for (const point of [undefined, pointOf('$devices/a/state', { value: 'online', live: false })]) {
      expect(standingOf(point)).toEqual({ state: 'unknown', since: null, isLive: false });
      expect(lookOfState(standingOf(point))).toBe('lost');
    }
  });
});

test('points that are not good are gathered by why, the worst and the most first', () => {
  const bad = (id: string, reason: string) => pointOf(id, { quality: 'bad', reason });
  const points = [pointOf('a'), bad('b', 'timeout'), bad('c', 'device_error'), bad('d', 'device_error'), pointOf('e', { quality: 'uncertain', reason: 'stale' })];
  expect(illOf(points).map(({ look, reason, ids }) => [look, reason, ids.join()]))
    .toEqual([['bad', 'device_error', 'c,d'], ['bad', 'timeout', 'b'], ['uncertain', 'stale', 'e']]);
});

describe('a course', () => {
  const track = { times: [0, 10, 20, 30], values: [1, 3, NaN, 2] };
  test('is stepped, and open where there was no value', () => {
    expect(coursePath(track, 0, 40, { width: 40, height: 10, least: 0 })).toBe('M0.0 10.0H10.0V0.0H20.0M30.0 5.0H40.0');
  });
  test('what differs too little to be read is no step of the whole height', () => {
    expect(coursePath({ times: [0, 10], values: [0.16, 0.162] }, 0, 20, { width: 20, height: 10, least: 0.02 })).toBe('M0.0 5.5H10.0V4.5H20.0');
  });
  test('begins with what was so when it begins', () => {
    expect(coursePath(track, 5, 40, { width: 35, height: 10, least: 0 })).toBe('M0.0 10.0H5.0V0.0H15.0M25.0 5.0H35.0');
    expect(boundsOf(track, 15)).toEqual({ low: 2, high: 3 });
  });
  test('of nothing is nothing', () => {
    expect(coursePath({ times: [], values: [] }, 0, 40, { width: 40, height: 10, least: 0 })).toBe('');
    expect(boundsOf({ times: [1], values: [NaN] }, 0)).toBeNull();
  });
  test('keeps no more than it may, and no time twice', () => {
    const kept = new Kept(3, 10);
    for (const time of [1, 2, 2, 3, 4]) kept.add(time, time === 3 ? null : time);
    expect(kept.track()).toEqual({ times: [2, 3, 4], values: [2, NaN, 4] });
  });
  test('what nobody asked for is not known', () => {
    const kept = new Kept(10, 6);
    kept.add(0, 1);
    kept.add(6, 2);
    kept.add(100, 3);
    expect(kept.track()).toEqual({ times: [0, 6, 12, 100], values: [1, 2, NaN, 3] });
    expect(coursePath(kept.track(), 0, 100, { width: 100, height: 10, least: 0 })).toBe('M0.0 10.0H6.0V5.0H12.0M100.0 0.0H100.0');
  });
});

test('a device’s name is read from an address as it was written into it', () => {
  for (const name of ['boiler', 'Kühlung 2', '50 %', '泵站']) expect(nameOf(encodeURIComponent(name))).toBe(name);
  expect(nameOf('50%')).toBe('50%');
  expect(nameOf(undefined)).toBeUndefined();
});
