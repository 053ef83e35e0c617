import { expect, test } from 'vitest';
import { move } from '../src/points/moves.js';
import { Tree, listing } from '../src/points/tree.js';

const tree = new Tree(['a/b/1', 'a/b/2', 'a/c', 'd'], () => 'good');
const closed = new Set<string>();
const at = (key: string, row: number) => move(key, listing(tree, (path) => closed.has(path)).rows, row, 3, (path) => closed.has(path));
// Rows: 0 a/, 1 a/b/, 2 a/b/1, 3 a/b/2, 4 a/c, 5 d

test('arrows and pages stay within the list', () => {
  expect(at('ArrowDown', -1)).toEqual({ to: 0 });
  expect(at('ArrowDown', 5)).toEqual({ to: 5 });
  expect(at('ArrowUp', 0)).toEqual({ to: 0 });
  expect(at('PageDown', 1)).toEqual({ to: 4 });
  expect(at('PageUp', 1)).toEqual({ to: 0 });
  expect([at('Home', 4), at('End', 0)]).toEqual([{ to: 0 }, { to: 5 }]);
});

test('left folds or goes to the parent, right unfolds or goes in', () => {
  expect(at('ArrowLeft', 1)).toEqual({ fold: 'a/b' });
  expect(at('ArrowLeft', 3)).toEqual({ to: 1 });
  expect(at('ArrowLeft', 5)).toBeNull();
  expect(at('ArrowRight', 1)).toEqual({ to: 2 });
  expect(at('ArrowRight', 2)).toBeNull();
  closed.add('a/b');
  expect(at('ArrowLeft', 1)).toEqual({ to: 0 });
  expect(at('ArrowRight', 1)).toEqual({ fold: 'a/b' });
  closed.clear();
});

test('enter opens a point and folds a branch, blank marks, and other keys are not the list’s', () => {
  expect(at('Enter', 4)).toEqual({ open: 'a/c' });
  expect(at('Enter', 0)).toEqual({ fold: 'a' });
  expect(at(' ', 4)).toEqual({ mark: 'a/c' });
  expect(at('Enter', -1)).toBeNull();
  expect(at('x', 0)).toBeNull();
  expect(move('ArrowDown', [], -1, 3, () => false)).toBeNull();
});
