import { createRoot } from 'solid-js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Point } from 'pointcast';
import { type Sinces, createSinces } from '../src/points/since.js';
import { FakeClient, pointOf } from './fake.js';

const fake = new FakeClient();
const held = new Map<string, Point>();
let sinces: Sinces;
let end: () => void = () => {};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  createRoot((dispose) => {
    end = dispose;
    sinces = createSinces(fake.client, () => held);
  });
});
afterEach(() => {
  end();
  vi.useRealTimers();
});

const passes = () => vi.advanceTimersByTimeAsync(1_000);
const bad = pointOf('a', { quality: 'bad', reason: 'timeout' });
const since = (at: number) => void (fake.infos = [{ ...bad, type: 'f64', writable: false, since: at }]);

test('since when a point is in trouble is asked once for each trouble', async () => {
  held.set('a', bad);
  since(5);
  expect(sinces.of(bad)).toBeNull();
  await passes();
  expect(sinces.of(bad)).toBe(5);
  await passes();
  expect(fake.walks.length).toBe(1);
  expect(sinces.of({ ...bad, reason: 'device_error' })).toBeNull();
});

test('of a point that went and came back with the same trouble it is asked anew', async () => {
  held.set('a', bad);
  since(5);
  sinces.of(bad);
  await passes();
  held.delete('a');
  await passes();
  held.set('a', bad);
  since(9);
  expect(sinces.of(bad)).toBeNull();
  await passes();
  expect(sinces.of(bad)).toBe(9);
});
