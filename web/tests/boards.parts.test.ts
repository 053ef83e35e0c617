import { expect, test } from 'vitest';
import { find } from '../src/boards/find.js';
import { inNameOrder } from '../src/live/names.js';
import { lookFor, withWord } from '../src/boards/lamps.js';
import { cellsFor, columnsFor, rectOf } from '../src/boards/measure.js';
import { isName, nameFor } from '../src/boards/name.js';
import { everyMs, isWall, nextAddress } from '../src/boards/rotation.js';
import { blocks, litOf, rangeOf, shareOf } from '../src/boards/tiles/picture.js';

test('a title becomes a name that the gateway takes and nobody has', () => {
  expect(nameFor('Kessel – Übersicht 2', new Set())).toBe('kessel-ubersicht-2');
  expect(nameFor('锅炉房', new Set(['board']))).toBe('board-2');
  const long = nameFor('x'.repeat(100), new Set(['x'.repeat(64)]));
  expect([long.length, isName(long)]).toEqual([64, true]);
  for (const bad of ['', 'A', '-a', 'a-', 'a/b', 'a b', 'x'.repeat(65)]) expect(isName(bad), bad).toBe(false);
});

test('boards follow each other round and round', () => {
  const query = { kiosk: '', next: 'b,c', every: '45s' };
  expect(isWall(query)).toBe(true);
  expect(nextAddress('a', query)).toBe('/boards/b?kiosk&next=c,a&every=45s');
  expect(nextAddress('a', { kiosk: '', next: '../x' })).toBeNull();
  expect(['45s', '2m', '1', 'x', '99999m'].map((every) => everyMs({ every }))).toEqual([45_000, 120_000, 5_000, 30_000, 3_600_000]);
});

test('cells fill a wall, follow a page, and are as wide as the window has room for', () => {
  const space = (widthPx: number, heightPx = 0, letterPx = 15) => ({ widthPx, heightPx, letterPx });
  expect([1280, 700, 366, 280].map((px) => columnsFor(space(px)))).toEqual([12, 4, 2, 1]);
  expect(columnsFor(space(1280, 0, 30)), 'large letters').toBe(4);
  const wall = cellsFor(space(1_900, 1_000), 12, 8, 'wall');
  expect(8 * (wall.rowPx + wall.gapPx) - wall.gapPx).toBeLessThanOrEqual(1_000);
  expect(wall.rowPx).toBeGreaterThan(100);
  const { left, width } = rectOf({ x: 6, y: 0, w: 6, h: 1 }, wall);
  expect(left + width).toBeCloseTo(1_900);
  expect(cellsFor(space(1_200, 640), 12, 40, 'page').rowPx, 'a long board scrolls').toBe(54);
  expect(cellsFor(space(1_200, 640, 30), 12, 40, 'none').rowPx).toBe(136);
});

test('a lamp is lit by what the board says of a value', () => {
  const lamp = { kind: 'lamp', point: 'a', alarm: ['1', 'offline'], warn: ['2'] } as const;
  expect([true, false, 2, 3, 'offline', 'x', null].map((value) => litOf(lamp, value))).toEqual(['alarm', 'off', 'warn', 'on', 'alarm', 'plain', null]);
  const other = withWord(lamp, '1', 'fault', 'warn');
  expect(other).toEqual({ kind: 'lamp', point: 'a', words: { 1: 'fault' }, alarm: ['offline'], warn: ['2', '1'] });
  expect(other.kind === 'lamp' && lookFor(other, '1')).toBe('warn');
  expect(withWord({ kind: 'lamp', point: 'a', words: { 1: 'x' } }, '1', '', 'none')).toEqual({ kind: 'lamp', point: 'a' });
});

test('only a number has a place in a range', () => {
  const info = { id: 'a', value: 1, quality: 'good', time: 1, type: 'f64', writable: false, range: [0, 10] } as const;
  expect(shareOf(5, rangeOf({}, info), info)).toBe(0.5);
  expect(shareOf(50, rangeOf({ range: [0, 100] }, info), info)).toBe(0.5);
  expect(shareOf(99, rangeOf({}, info), info)).toBe(1);
  expect([shareOf(null, [0, 1], info), shareOf('5', [0, 1], info), shareOf(true, [0, 1], info), shareOf(5, null, info)]).toEqual([null, null, null, null]);
});

test('texts have headings and paragraphs with their lines', () => {
  expect(blocks('# One\nline\nline\n\nnext\n#no heading')).toEqual([
    { isHeading: true, text: 'One' }, { isHeading: false, text: 'line\nline' }, { isHeading: false, text: 'next\n#no heading' },
  ]);
});

test('points are found by all words, in the order of names, the gateway’s own last', () => {
  const info = (id: string, description: string) => ({ id, description, value: 1, quality: 'good' as const, time: 1, type: 'f64' as const, writable: false });
  const all = inNameOrder([info('$gateway/x', ''), info('line10/t', 'oven'), info('line2/t', 'Oven air')], ({ id }) => id);
  expect(all.map(({ id }) => id)).toEqual(['line2/t', 'line10/t', '$gateway/x']);
  expect(find(all, 'OVEN line', 5).found).toHaveLength(2);
  expect(find(all, '', 2)).toMatchObject({ more: true });
});
