import { expect, test } from 'vitest';
import { type Planned, drawable, lanes, pointsOf, shareOf, sumOfShares } from '../src/devices/plan.js';
import type { PlanLine } from '../src/devices/report.js';
import { predict } from '../src/devices/schedule.js';

function line(over: Partial<PlanLine> = {}): PlanLine {
  return {
    request: '04 input registers 0-6', parts: {}, scan_ms: 500, configured_scan_ms: null, wire_ms: 20, busy_ms: 25, refused: false, points: [],
    ...over,
  };
}

const planned = (device: string, over: Partial<PlanLine> = {}): Planned => ({ device, line: line(over) });

test('what is refused, not asked or of unknown length is not drawn, and the others keep their places', () => {
  const plan = [planned('a', { refused: true }), planned('a', { scan_ms: null }), planned('b', { wire_ms: null }), planned('b')];
  expect(drawable(plan).map(({ device, place }) => [device, place])).toEqual([['b', 3]]);
});

test('a channel is busy no shorter than something is on the wire', () => {
  expect(drawable([planned('a', { busy_ms: null })])[0]?.busyMs).toBe(20);
  expect(drawable([planned('a', { busy_ms: 1 })])[0]?.busyMs).toBe(20);
});

test('shares are of the channel’s time, and unknown where nobody can tell', () => {
  expect(shareOf(line())).toBe(0.05);
  expect(shareOf(line({ refused: true }))).toBeNull();
  expect(shareOf(line({ wire_ms: null, busy_ms: null }))).toBeNull();
  expect(sumOfShares([line(), line({ scan_ms: null }), line({ scan_ms: 1_000 })])).toBeCloseTo(0.075);
  expect(sumOfShares([line({ scan_ms: null })])).toBeNull();
});

test('the rows are the channel, the device’s own requests, and the other devices', () => {
  const requests = drawable([planned('a'), planned('b', { request: 'x' }), planned('b', { request: 'y' }), planned('c')]);
  const { blocks } = predict('line', requests, 500);
  const rows = lanes('b', requests, blocks);
  expect(rows.map(({ kind, of, device }) => [kind, of, device])).toEqual([
    ['channel', null, null], ['request', 1, null], ['request', 2, null], ['device', null, 'a'], ['device', null, 'c'],
  ]);
  expect(rows[0]?.blocks).toEqual(blocks);
  expect(rows.slice(1).flatMap((row) => row.blocks).length).toBe(blocks.length);
  expect(rows[1]?.blocks.every(({ of }) => of === 1)).toBe(true);
});

test('many requests and many devices end in a row for the rest, and nothing is lost', () => {
  const plan = [
    ...Array.from({ length: 30 }, (_, at) => planned('own', { request: `r${at}` })),
    ...Array.from({ length: 40 }, (_, at) => planned(`d${at}`)),
  ];
  const requests = drawable(plan);
  const { blocks } = predict('line', requests, 60_000);
  const rows = lanes('own', requests, blocks);
  expect(rows.length).toBe(1 + 12 + 12);
  expect(rows.find(({ kind }) => kind === 'restOfDevice')?.count).toBe(19);
  expect(rows.find(({ kind }) => kind === 'otherDevices')?.count).toBe(29);
  expect(rows.slice(1).reduce((sum, row) => sum + row.blocks.length, 0)).toBe(blocks.length);
});

test('points are named without the device’s own name in front', () => {
  const points = ['boiler/a', 'boiler/b', 'other/c', 'boiler/d'];
  expect(pointsOf(line({ points }), 'boiler', 3)).toEqual({ names: ['a', 'b', 'other/c'], more: 1 });
  expect(pointsOf(line({ points }), 'boiler', 9)).toEqual({ names: ['a', 'b', 'other/c', 'd'], more: 0 });
});
