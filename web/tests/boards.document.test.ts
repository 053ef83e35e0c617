import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Board, type Fault, MAX_TILES, readBoard, writeBoard } from '../src/boards/document.js';
import { COLUMNS, rows } from '../src/boards/layout.js';

function board(json: unknown): Board {
  const read = readBoard(json);
  if (!('board' in read)) throw new Error(JSON.stringify(read.fault));
  return read.board;
}

function fault(json: unknown): Fault | null {
  const read = readBoard(json);
  return 'fault' in read ? read.fault : null;
}

/** What is wrong with the only tile. */
function wrong(tile: object): Fault | null {
  const what = board({ title: 'x', tiles: [tile] }).tiles[0]?.what;
  return what?.kind === 'unknown' ? what.why : null;
}

test('what was read is written as it was, whatever else it says', () => {
  const document = {
    version: 1, title: 'Boiler', colour: 'blue',
    tiles: [
      { kind: 'number', point: 'a/b', title: 'A', decimals: 1, spark: true, x: 0, y: 0, w: 2, h: 2, note: ['kept'] },
      { kind: 'gauge', point: 'a/b', range: [0, 5], x: 2, y: 0, w: 3, h: 3 },
      { kind: 'lamp', point: 'a/c', words: { 0: 'off' }, alarm: ['1'], warn: ['2'], x: 5, y: 0, w: 2, h: 1 },
      { kind: 'trend', points: ['a/b', 'a/c'], span_ms: 60_000, x: 7, y: 0, w: 5, h: 3 },
      { kind: 'text', text: '# Heading\nline', x: 5, y: 1, w: 2, h: 2 },
      { kind: 'bar', point: 'a/b', x: 0, y: 2, w: 2, h: 1 },
    ],
  };
  expect(writeBoard(board(document))).toEqual(document);
});

test('a tile that is not understood is kept as it is, and says why', () => {
  const tile = { kind: 'dial', point: 'a', needle: 'red', x: 3, y: 0, w: 2, h: 2 };
  const read = board({ title: 'x', tiles: [tile] });
  expect(read.tiles[0]?.what).toEqual({ kind: 'unknown', why: { field: 'kind', want: 'kind' } });
  expect(writeBoard(read)['tiles']).toEqual([tile]);
});

test('each field says what would be right', () => {
  const at = { x: 0, y: 0, w: 2, h: 1 };
  expect(wrong({ kind: 'number', point: 'a/b', ...at })).toBeNull();
  expect(wrong({ kind: 'number', ...at })).toEqual({ field: 'point', want: 'id' });
  expect(wrong({ kind: 'number', point: 'a/*', ...at })).toEqual({ field: 'point', want: 'id' });
  expect(wrong({ kind: 'number', point: 'a', decimals: 1.5, ...at })).toEqual({ field: 'decimals', want: 'whole', least: 0, most: 10 });
  expect(wrong({ kind: 'number', point: 'a', spark: 1, ...at })).toEqual({ field: 'spark', want: 'flag' });
  expect(wrong({ kind: 'number', point: 'a', title: '', ...at })).toEqual({ field: 'title', want: 'text', least: 1, most: 120 });
  expect(wrong({ kind: 'bar', point: 'a', range: [5, 5], ...at })).toEqual({ field: 'range', want: 'range' });
  expect(wrong({ kind: 'bar', point: 'a', range: ['0', '5'], ...at })).toEqual({ field: 'range', want: 'range' });
  expect(wrong({ kind: 'trend', points: [], ...at })).toEqual({ field: 'points', want: 'ids', most: 8 });
  expect(wrong({ kind: 'trend', points: ['a'], span_ms: 1, ...at })).toEqual({ field: 'span_ms', want: 'whole', least: 60_000, most: 86_400_000 });
  expect(wrong({ kind: 'lamp', point: 'a', alarm: [1], ...at })).toEqual({ field: 'alarm', want: 'values', most: 40 });
  expect(wrong({ kind: 'lamp', point: 'a', words: { 1: 2 }, ...at })).toEqual({ field: 'words', want: 'words', most: 40 });
  expect(wrong({ kind: 'text', ...at })).toEqual({ field: 'text', want: 'text', least: 0, most: 2000 });
  expect(wrong({ kind: 'text', text: 'x'.repeat(2001), ...at })).toMatchObject({ field: 'text', want: 'text' });
  expect(wrong({ kind: 'text', text: 'x', x: 11, y: 0, w: 2, h: 1 })).toEqual({ field: 'x', want: 'whole', least: 0, most: 10 });
  expect(wrong({ kind: 'text', text: 'x', x: 0, y: 0, w: 13, h: 1 })).toEqual({ field: 'w', want: 'whole', least: 1, most: COLUMNS });
});

test('a whole document that is not understood is refused', () => {
  expect(fault([])).toEqual({ field: 'board', want: 'object' });
  expect(fault({ title: 'x', tiles: [], version: 2 })).toEqual({ field: 'version', want: 'version', most: 1 });
  expect(fault({ title: '', tiles: [] })).toMatchObject({ field: 'title' });
  expect(fault({ title: 'x', tiles: Array(MAX_TILES + 1).fill({ kind: 'text', text: '' }) })).toEqual({ field: 'tiles', want: 'list', most: MAX_TILES });
  expect(fault({ title: 'x', tiles: [{ kind: 'text', text: '' }, 1] })).toEqual({ field: 'tiles[1]', want: 'object' });
});

test('tiles without a place get one, and those that overlap give way', () => {
  const read = board({ title: 'x', tiles: [{ kind: 'number', point: 'a' }, { kind: 'text', text: '', x: 0, y: 0, w: 2, h: 1 }, { kind: 'text', text: '', x: 1, y: 0, w: 2, h: 1 }] });
  expect(read.tiles.map(({ what, box }) => [what.kind, box.x, box.y])).toEqual([['text', 0, 0], ['number', 3, 0], ['text', 1, 1]]);
});

test('the boards of the default site are understood as they stand, and fit a screen', () => {
  // The tests may run in a copy of this folder.
  const root = process.env['POINTCAST_ROOT'] ?? join(import.meta.dirname, '../..');
  const folder = join(root, 'config/boards');
  const files = readdirSync(folder);
  expect(files).toHaveLength(3);
  for (const file of files) {
    const json: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    const read = board(json);
    expect(read.tiles.filter(({ what }) => what.kind === 'unknown'), file).toEqual([]);
    expect(writeBoard(read), file).toEqual(json);
    expect(rows(read.tiles.map(({ box }) => box)), file).toBe(8);
    expect(read.tiles.reduce((cells, { box }) => cells + box.w * box.h, 0), `${file} has no holes`).toBe(8 * COLUMNS);
  }
});
