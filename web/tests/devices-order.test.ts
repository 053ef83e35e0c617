import { expect, test } from 'vitest';
import { type Listed, type State, chosen, counts, grouped, sharedError, stateOf } from '../src/devices/order.js';

function device(name: string, channel: string, state: State, error = ''): Listed {
  return { device: name, channel, driver: 'modbus-rtu', address: `/dev/${channel} unit ${name.at(-1)}`, state, error };
}

const ALL = [
  device('b10', 'line1', 'online'), device('b2', 'line1', 'degraded', 'exception 02'), device('a1', 'line1', 'online'),
  device('c1', 'line2', 'offline', 'no reply within 500 ms'), device('c2', 'line2', 'disabled'),
  device('d1', 'attic', 'online'),
];

const shape = (groups: ReturnType<typeof grouped>) => groups.map(({ channel, devices }) => [channel, devices.map((one) => one.device).join()]);

test('worst first: channels by their worst device, devices by how they are, then by name', () => {
  expect(shape(grouped(ALL, 'worst'))).toEqual([['line2', 'c1,c2'], ['line1', 'b2,a1,b10'], ['attic', 'd1']]);
});

test('by name: numbers as numbers', () => {
  expect(shape(grouped(ALL, 'name'))).toEqual([['attic', 'd1'], ['line1', 'a1,b2,b10'], ['line2', 'c1,c2']]);
});

test('what is not known is more worrying than what is online', () => {
  expect(shape(grouped([device('a', 'x', 'online'), device('b', 'x', 'unknown')], 'worst'))).toEqual([['x', 'b,a']]);
});

test('shown are those of the states, and with every word somewhere', () => {
  const names = (states: State[], find: string) => chosen(ALL, new Set(states), find).map((one) => one.device).join();
  expect(names([], '')).toBe('b10,b2,a1,c1,c2,d1');
  expect(names(['offline', 'degraded'], '')).toBe('b2,c1');
  expect(names([], 'LINE1 unit 2')).toBe('b2');
  expect(names([], 'reply')).toBe('c1');
  expect(names(['online'], 'reply')).toBe('');
});

test('a reason is told once for a channel only if it is that of all, and they are all offline', () => {
  const lost = 'failed to connect to 10.0.0.5:502: Connection refused';
  const of = (...states: State[]) => states.map((state, at) => device(`m${at}`, 'x', state, lost));
  expect(sharedError(of('offline', 'offline'))).toBe(lost);
  expect(sharedError(of('offline', 'degraded'))).toBeNull();
  expect(sharedError(of('offline'))).toBeNull();
  expect(sharedError([device('a', 'x', 'offline'), device('b', 'x', 'offline')])).toBeNull();
  expect(sharedError([...of('offline'), device('b', 'x', 'offline', 'another')])).toBeNull();
});

test('states are those that the gateway tells, and nothing else is one', () => {
  expect(['online', 'degraded', 'offline', 'disabled', 'sleeping', null, undefined].map(stateOf))
    .toEqual(['online', 'degraded', 'offline', 'disabled', 'unknown', 'unknown', 'unknown']);
  expect(counts(ALL)).toEqual({ online: 3, degraded: 1, offline: 1, disabled: 1, unknown: 0 });
});
