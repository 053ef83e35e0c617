import { expect, test } from 'vitest';
import { nameKey, Names, byName } from '../src/live/names.js';
import { ALL_CLOSED, ALL_OPEN, fold, isClosed } from '../src/points/folds.js';
import { type Node, Tree, count, listing, worst } from '../src/points/tree.js';

const good = () => 'good' as const;
/** A tree as lines: two blanks a level, branches with a slash. */
const drawn = (nodes: readonly Node[]) => nodes.map((node) => `${'  '.repeat(node.level - 1)}${node.name}${node.kind === 'branch' ? '/' : ''}`);
const rowsOf = (ids: readonly string[], closed: (path: string) => boolean = () => false) => listing(new Tree(ids, good), closed).rows;

test('a branch has at least two children, and a chain is one row', () => {
  expect(drawn(rowsOf(['boiler/flue/temperature', 'boiler/supply/setpoint', 'boiler/supply/temperature', 'site', 'x/y/z/1', 'x/y/z/2']))).toEqual([
    'boiler/', '  flue/temperature', '  supply/', '    setpoint', '    temperature', 'site', 'x/y/z/', '  1', '  2',
  ]);
});

test('a point that is also a branch is both, under names of their own', () => {
  const rows = rowsOf(['pump', 'pump/speed']);
  expect(drawn(rows)).toEqual(['pump', 'pump/', '  speed']);
  expect(new Set(rows.map(({ key }) => key)).size).toBe(3);
});

test('names that interleave make one branch all the same', () => {
  expect(drawn(rowsOf(['A/1', 'a/2', 'A/3', 'a/4']))).toEqual(['A/', '  1', '  3', 'a/', '  2', '  4']);
});

test('what is folded up hides what is below, and nothing else', () => {
  const ids = ['a/b/1', 'a/b/2', 'a/c', 'd/1', 'd/2'];
  expect(drawn(rowsOf(ids, (path) => path === 'a/b'))).toEqual(['a/', '  b/', '  c', 'd/', '  1', '  2']);
  expect(drawn(rowsOf(ids, () => true))).toEqual(['a/', 'd/']);
  const { rows, places } = listing(new Tree(ids, good), () => false);
  expect([...places].every(([key, at]) => rows[at]?.key === key)).toBe(true);
});

test('folds are all but some or none but some', () => {
  expect(isClosed(ALL_OPEN, 'a')).toBe(false);
  expect(isClosed(ALL_CLOSED, 'a')).toBe(true);
  const some = fold(fold(ALL_CLOSED, 'a'), 'b');
  expect([isClosed(some, 'a'), isClosed(some, 'b'), isClosed(some, 'c')]).toEqual([false, false, true]);
  expect(isClosed(fold(some, 'a'), 'a')).toBe(true);
});

test('counts follow each point up to the root, and only when it looks otherwise', () => {
  const tree = new Tree(['a/b/1', 'a/b/2', 'a/c'], good);
  const [a] = tree.children;
  if (a?.kind !== 'branch') throw new Error('no branch');
  expect(tree.see('a/b/1', 'bad')).toBe(true);
  expect(tree.see('a/b/1', 'bad')).toBe(false);
  expect(tree.see('unknown', 'bad')).toBe(false);
  tree.see('a/c', 'uncertain');
  expect(a.tally).toEqual({ good: 1, uncertain: 1, bad: 1, lost: 0, none: 0 });
  expect(tree.tally).toEqual(a.tally);
  expect(count(a.tally)).toBe(3);
  expect(worst(a.tally)).toBe('bad');
  tree.see('a/b/1', 'lost');
  expect(worst(a.tally)).toBe('uncertain');
  tree.see('a/c', 'good');
  expect(worst(a.tally)).toBe('lost');
});

test('digits count as numbers, case last, branches stand together, the gateway’s own come last', () => {
  const names = ['$gateway/name', 'line10', 'Line2', 'line1', 'a-b', 'a/z', 'a', 'Äther', 'b', '007', '8'];
  expect([...names].sort(byName)).toEqual(['007', '8', 'a', 'a/z', 'a-b', 'Äther', 'b', 'line1', 'Line2', 'line10', '$gateway/name']);
  expect(byName('a', 'a')).toBe(0);
  expect(nameKey('a')).toBe(nameKey('A'));
});

test('newcomers find their places among the others, as a sort of all would', () => {
  const names = new Names();
  const there = new Set<string>();
  let random = 7;
  const next = () => (random = (random * 16_807) % 2_147_483_647) % 50;
  for (let round = 0; round < 40; round += 1) {
    const added = Array.from({ length: next() % 6 }, () => `n${next()}/${next() % 3}`);
    for (const id of added) there.add(id);
    for (const id of [...there]) if (next() % 7 === 0) there.delete(id);
    expect(names.renew(added, (id) => there.has(id))).toEqual([...there].sort(byName));
  }
});
