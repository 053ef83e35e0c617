import { expect, test } from 'vitest';
import { type Box, COLUMNS, type Placed, inReadingOrder, nudge, overlap, put, reflow, room, rows, settle } from '../src/boards/layout.js';

/** Numbers that are the same in each run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function some(next: (below: number) => number, count: number): Placed[] {
  return Array.from({ length: count }, (_, key) => ({ key, box: { x: next(14) - 1, y: next(12) - 1, w: 1 + next(13), h: 1 + next(4) } }));
}

function sound(items: readonly Placed[], columns = COLUMNS): void {
  const isIn = ({ x, y, w, h }: Box) => x >= 0 && y >= 0 && w >= 1 && h >= 1 && x + w <= columns;
  expect(items.filter(({ box }) => !isIn(box))).toEqual([]);
  expect(items.flatMap((one, at) => items.slice(at + 1).filter((other) => overlap(one.box, other.box)).map((other) => [one, other]))).toEqual([]);
}

const boxes = (items: readonly Placed[]) => items.map(({ box: { x, y, w, h } }) => [x, y, w, h]);
const of = (...all: [number, number, number, number][]): Placed[] => all.map(([x, y, w, h], key) => ({ key, box: { x, y, w, h } }));

test('no sequence of moves makes tiles overlap, leave the columns, or hang in the air', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const next = random(seed);
    let items = settle(some(next, 1 + next(14)));
    for (let step = 0; step < 25; step += 1) {
      const key = next(items.length);
      const wanted: Partial<Box> = next(2) ? { x: next(16) - 2, y: next(20) - 2 } : { w: next(15), h: next(9) };
      items = put(items, key, wanted);
      sound(items);
      expect(boxes(settle(items)), 'at rest').toEqual(boxes(items));
    }
  }
});

test('what is dragged over gives way downwards, and what was in hand is where it was put', () => {
  const items = of([0, 0, 4, 2], [4, 0, 4, 2], [0, 2, 8, 1]);
  expect(boxes(put(items, 0, { x: 3, y: 0 }))).toEqual([[3, 0, 4, 2], [4, 2, 4, 2], [0, 4, 8, 1]]);
  expect(boxes(items), 'nothing that was given is changed').toEqual([[0, 0, 4, 2], [4, 0, 4, 2], [0, 2, 8, 1]]);
});

test('a tile that stays where it is is the same one', () => {
  const items = of([0, 0, 2, 1], [2, 0, 2, 1]);
  expect(settle(items)[1]).toBe(items[1]);
});

test('a step down gets past what stands below, a step where there is no way changes nothing', () => {
  const items = of([0, 0, 2, 1], [0, 1, 2, 3], [2, 0, 2, 1]);
  expect(boxes(nudge(items, 0, 'down'))).toEqual([[0, 3, 2, 1], [0, 0, 2, 3], [2, 0, 2, 1]]);
  expect(boxes(nudge(items, 1, 'up'))).toEqual([[0, 3, 2, 1], [0, 0, 2, 3], [2, 0, 2, 1]]);
  expect(nudge(items, 0, 'left')).toBe(items);
  expect(nudge(items, 0, 'up')).toBe(items);
  expect(nudge(items, 9, 'up')).toBe(items);
});

test('new tiles are put into the first gap they fit', () => {
  const taken = of([0, 0, 5, 2], [8, 0, 4, 1]).map(({ box }) => box);
  expect(room(taken, { w: 3, h: 2 })).toEqual({ x: 5, y: 0, w: 3, h: 2 });
  expect(room(taken, { w: 4, h: 1 })).toEqual({ x: 5, y: 1, w: 4, h: 1 });
  expect(room([], { w: 99, h: 1 })).toEqual({ x: 0, y: 0, w: COLUMNS, h: 1 });
});

test('with fewer columns all are there, in reading order, none over another, and as wide as there is room', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const next = random(seed);
    const items = settle(some(next, 1 + next(20)));
    for (const columns of [1, 2, 4]) {
      const flowed = reflow(items, columns);
      sound(flowed, columns);
      expect(flowed).toHaveLength(items.length);
      const tops = inReadingOrder(items).map(({ key }) => flowed.find((item) => item.key === key)?.box.y ?? NaN);
      expect(tops).toEqual([...tops].sort((one, other) => one - other));
      const area = flowed.reduce((sum, { box }) => sum + box.w * box.h, 0);
      if (columns === 1) expect(area).toBe(rows(flowed.map(({ box }) => box)));
    }
  }
});

test('a lone tile fills its row on a phone', () => {
  expect(boxes(reflow(of([0, 0, 2, 1], [2, 0, 2, 1], [4, 0, 2, 1]), 2))).toEqual([[0, 0, 1, 1], [1, 0, 1, 1], [0, 1, 2, 1]]);
});
