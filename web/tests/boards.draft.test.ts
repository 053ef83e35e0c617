import { afterEach, expect, test, vi } from 'vitest';
import { add, kindFor, move, remove, set, tilesFor, turned } from '../src/boards/arrange.js';
import { type Board, MAX_TILES, type What, readBoard, writeBoard } from '../src/boards/document.js';
import { type Draft, MOST_STEPS, begin, change, failed, isChanged, met, overTheirs, redo, save, saved, takeTheirs, undo } from '../src/boards/draft.js';
import { keep } from '../src/boards/keep.js';

const EMPTY: Board = { title: 'Board', tiles: [], rest: {} };
const named = (title: string): Board => ({ ...EMPTY, title });
const NUMBER: What = { kind: 'number', point: 'a' };
const PROBLEM = { title: 'No', status: 500, detail: 'disk full' };

function saving(draft: Draft): Draft {
  const next = save(draft);
  if (!next) throw new Error('cannot be saved now');
  return next;
}

afterEach(() => void vi.unstubAllGlobals());

test('steps go back and forth, and a new one ends what was taken back', () => {
  let draft = change(change(begin(EMPTY, '"1"'), named('one')), named('two'));
  expect(isChanged(draft)).toBe(true);
  draft = undo(undo(draft));
  expect([draft.board.title, isChanged(draft), undo(draft)]).toEqual(['Board', false, draft]);
  draft = redo(draft);
  expect(draft.board.title).toBe('one');
  expect(change(draft, named('three')).future).toEqual([]);
  expect(change(draft, named('one')), 'no step where nothing changes').toBe(draft);
});

test('as many steps are kept as are said', () => {
  let draft = begin(EMPTY, '"1"');
  for (let at = 0; at < MOST_STEPS + 20; at += 1) draft = change(draft, named(`${at}`));
  for (let at = 0; at < MOST_STEPS; at += 1) draft = undo(draft);
  expect([draft.board.title, undo(draft)]).toEqual(['19', draft]);
});

test('what is done while it is saved is still to be saved', () => {
  const sent = saving(change(begin(EMPTY, '"1"'), named('one')));
  expect(save(sent), 'one at a time').toBeNull();
  const after = saved(change(sent, named('two')), '"2"');
  expect([after.version, isChanged(after), isChanged(undo(after))]).toEqual(['"2"', true, false]);
});

test('a failure keeps everything, and can be tried again', () => {
  const after = failed(saving(change(begin(EMPTY, '"1"'), named('one'))), PROBLEM);
  expect([after.board.title, after.version, after.saving.is]).toEqual(['one', '"1"', 'failed']);
  expect(saving(after).saving.is).toBe('saving');
});

test('somebody else’s board is not overwritten before the person says so', () => {
  const mine = met(saving(change(begin(EMPTY, '"1"'), named('mine'))), { board: named('theirs'), version: '"2"' });
  expect(save(mine)).toBeNull();
  const theirs = takeTheirs(mine);
  expect([theirs.board.title, theirs.version, isChanged(theirs), undo(theirs).board.title]).toEqual(['theirs', '"2"', false, 'mine']);
  const over = overTheirs(mine);
  expect([over.board.title, over.version, isChanged(over)]).toEqual(['mine', '"2"', true]);
});

test('over a board that was removed, one’s own is kept anew', () => {
  const over = overTheirs(met(saving(change(begin(EMPTY, '"1"'), named('mine'))), null));
  expect([over.version, isChanged(over)]).toEqual([null, true]);
});

test('an answer that was lost on its way is no conflict', () => {
  const board = add(EMPTY, [NUMBER]);
  const read = readBoard(JSON.parse(JSON.stringify(writeBoard(board))));
  const after = met(saving(change(begin(EMPTY, '"1"'), board)), { board: 'board' in read ? read.board : null, version: '"2"' });
  expect([after.saving.is, after.version, isChanged(after)]).toEqual(['idle', '"2"', false]);
});

test('saving names the version it was made from, and looks at what is there when that is no more', async () => {
  const asked: [string, string, string | undefined][] = [];
  const answers = [
    new Response(JSON.stringify({ title: 'Conflict', status: 412, detail: 'x' }), { status: 412 }),
    new Response(JSON.stringify(writeBoard(named('theirs'))), { headers: { ETag: '"2"' } }),
    new Response('{}', { headers: { ETag: '"3"' } }),
  ];
  vi.stubGlobal('fetch', (url: string, { method, headers }: { method: string; headers: Record<string, string> }) => {
    asked.push([method, url, headers['If-Match']]);
    return Promise.resolve(answers.shift());
  });
  let draft = change(begin(EMPTY, '"1"'), named('mine'));
  const update = (turn: (draft: Draft) => Draft) => void (draft = turn(draft));
  await keep('hall', () => draft, update);
  expect(draft.saving).toMatchObject({ is: 'conflict', theirs: { board: { title: 'theirs' }, version: '"2"' } });
  await keep('hall', () => draft, update);
  draft = overTheirs(draft);
  await keep('hall', () => draft, update);
  expect([draft.version, isChanged(draft)]).toEqual(['"3"', false]);
  const url = '/api/v1/boards/hall';
  expect(asked).toEqual([['PUT', url, '"1"'], ['GET', url, undefined], ['PUT', url, '"2"']]);
});

test('without an answer nothing is lost and it is said', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('network')));
  let draft = change(begin(EMPTY, '"1"'), named('mine'));
  await keep('hall', () => draft, (turn) => void (draft = turn(draft)));
  expect([draft.board.title, draft.saving]).toMatchObject(['mine', { is: 'failed', problem: { status: 0 } }]);
});

test('tiles are added where there is room, up to the bound, and never smaller than their kind can be read', () => {
  const full = add(EMPTY, Array<What>(MAX_TILES + 5).fill(NUMBER));
  expect(full.tiles).toHaveLength(MAX_TILES);
  const board = add(EMPTY, [{ kind: 'trend', points: ['a'] }]);
  const key = board.tiles[0]?.key ?? 0;
  expect(move(board, key, { w: 1, h: 1 }).tiles[0]?.box).toMatchObject({ w: 3, h: 2 });
  expect(remove(board, key).tiles).toEqual([]);
  const gauge = set(set(board, key, NUMBER), key, { kind: 'gauge', point: 'a' });
  expect(gauge.tiles[0]?.what.kind).toBe('gauge');
});

test('another kind keeps what it can', () => {
  expect(turned({ kind: 'gauge', point: 'a', title: 'A', decimals: 2, range: [0, 1] }, 'bar')).toEqual({ kind: 'bar', point: 'a', title: 'A', decimals: 2, range: [0, 1] });
  expect(turned({ kind: 'trend', points: ['a', 'b'], span_ms: 60_000 }, 'number')).toEqual({ kind: 'number', point: 'a' });
  expect(turned({ kind: 'lamp', point: 'a', title: 'A' }, 'trend')).toEqual({ kind: 'trend', points: ['a'], title: 'A' });
});

test('chosen points become tiles that fit them', () => {
  const info = (type: 'bool' | 'f64') => ({ id: 'x', value: 1, quality: 'good' as const, time: 1, type, writable: false });
  expect(kindFor(info('bool'))).toBe('lamp');
  expect(tilesFor(['a', 'b'], 'auto', (id) => info(id === 'a' ? 'bool' : 'f64')).map(({ kind }) => kind)).toEqual(['lamp', 'number']);
  expect(tilesFor(['a', 'b'], 'trend', () => undefined)).toMatchObject([{ kind: 'trend', points: ['a', 'b'] }]);
  expect(tilesFor([], 'text', () => undefined)).toEqual([{ kind: 'text', text: '' }]);
});
