// Where tiles stand: a grid of columns without end downwards. Pure.
//
// What holds for whatever comes out of here: no two tiles overlap, all are within the columns, and none could stand
// higher where it is. Tiles give way downwards; what is sent in is never changed.

/** As wide is a board. */
export const COLUMNS = 12;
/** As high may a tile be, and as far down may one be wanted. */
export const MOST_HIGH = 24;
export const MOST_DOWN = 2_400;

/** A place: column and row of the upper left corner from 0 on, columns wide, rows high. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** What has a place. */
export interface Placed {
  readonly key: number;
  readonly box: Box;
}

export type Direction = 'left' | 'right' | 'up' | 'down';
const STEPS: Record<Direction, readonly [number, number]> = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };

/** Whether two places have a cell in common. */
export function overlap(one: Box, other: Box): boolean {
  return one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h;
}

/** The place nearest to the wanted one that is within the columns. */
export function within({ x, y, w, h }: Box, columns = COLUMNS): Box {
  const wide = clamp(w, 1, columns);
  return { x: clamp(x, 0, columns - wide), y: clamp(y, 0, MOST_DOWN), w: wide, h: clamp(h, 1, MOST_HIGH) };
}

/** The order in which people read: line by line. */
export function inReadingOrder<T extends Placed>(items: readonly T[]): T[] {
  return [...items].sort((one, other) => one.box.y - other.box.y || one.box.x - other.box.x || one.key - other.key);
}

/** Rows that are used. */
export function rows(boxes: readonly Box[]): number {
  return boxes.reduce((most, { y, h }) => Math.max(most, y + h), 0);
}

/** Everything at its place, or where it can be instead. Who is named stays, and the others give way. */
export function settle<T extends Placed>(items: readonly T[], stays?: number): T[] {
  const first = items.filter(({ key }) => key === stays);
  const others = inReadingOrder(items.filter(({ key }) => key !== stays));
  const placed: { key: number; box: Box }[] = [];
  for (const { key, box } of [...first, ...others]) placed.push({ key, box: below(within(box), placed) });
  const up: { key: number; box: Box }[] = [];
  for (const { key, box } of inReadingOrder(placed)) up.push({ key, box: above(box, up) });
  const boxes = new Map(up.map(({ key, box }) => [key, box]));
  return items.map((item) => at(item, boxes.get(item.key) ?? item.box));
}

/** With one of them wanted at another place or in another size. */
export function put<T extends Placed>(items: readonly T[], key: number, wanted: Partial<Box>): T[] {
  return settle(items.map((item) => (item.key === key ? at(item, within({ ...item.box, ...wanted })) : item)), key);
}

/** One step in a direction; downwards as far as it takes to get past what stands below. The same again where there is no way. */
export function nudge<T extends Placed>(items: readonly T[], key: number, direction: Direction): readonly T[] {
  const box = items.find((item) => item.key === key)?.box;
  if (!box) return items;
  const [right, down] = STEPS[direction];
  const most = direction === 'down' || direction === 'up' ? MOST_HIGH : 1;
  for (let steps = 1; steps <= most; steps += 1) {
    const moved = put(items, key, { x: box.x + right * steps, y: box.y + down * steps });
    const now = moved.find((item) => item.key === key)?.box;
    if (now && (now.x !== box.x || now.y !== box.y)) return moved;
  }
  return items;
}

/** The highest place from a row on, and of those the one most to the left, where a tile of this size has room. */
export function room(boxes: readonly Box[], { w, h }: Pick<Box, 'w' | 'h'>, columns = COLUMNS, from = 0): Box {
  const size = within({ x: 0, y: 0, w, h }, columns);
  for (let y = from; ; y += 1) {
    for (let x = 0; x + size.w <= columns; x += 1) {
      const box = { ...size, x, y };
      if (!boxes.some((other) => overlap(box, other))) return box;
    }
  }
}

/**
 * The same tiles where there are fewer columns: each no higher than the one read before it, wide ones over the whole
 * width, and as large as there is room.
 */
export function reflow<T extends Placed>(items: readonly T[], columns: number): T[] {
  const done: { key: number; box: Box }[] = [];
  for (const { key, box } of inReadingOrder(items)) {
    const wide = Math.min(columns, box.w <= 3 ? 1 : box.w <= 6 ? 2 : columns);
    const boxes = done.map((one) => one.box);
    done.push({ key, box: room(boxes, { w: wide, h: box.h }, columns, boxes.at(-1)?.y) });
  }
  for (const grow of [toTheRight, downwards]) {
    for (const [index, { key, box }] of done.entries()) done[index] = { key, box: grow(box, done, columns) };
  }
  const boxes = new Map(done.map(({ key, box }) => [key, box]));
  return items.map((item) => at(item, boxes.get(item.key) ?? item.box));
}

/** As far to the right as there is nothing. */
function toTheRight(box: Box, all: readonly Placed[], columns: number): Box {
  let now = box;
  while (now.x + now.w < columns && isFree({ ...now, w: now.w + 1 }, box, all)) now = { ...now, w: now.w + 1 };
  return now;
}

/** As far down as there is nothing, but no further than the lowest. */
function downwards(box: Box, all: readonly Placed[]): Box {
  const bottom = rows(all.map((one) => one.box));
  let now = box;
  while (now.y + now.h < bottom && isFree({ ...now, h: now.h + 1 }, box, all)) now = { ...now, h: now.h + 1 };
  return now;
}

/** Whether nothing but what stands at `own` is in the way. */
function isFree(wanted: Box, own: Box, all: readonly Placed[]): boolean {
  return all.every((one) => one.box === own || !overlap(wanted, one.box));
}

/** Down past everything that is in the way. */
function below(box: Box, others: readonly Placed[]): Box {
  let now = box;
  for (;;) {
    const inTheWay = others.find((other) => overlap(now, other.box));
    if (!inTheWay) return now;
    now = { ...now, y: inTheWay.box.y + inTheWay.box.h };
  }
}

/** Up until something is in the way. */
function above(box: Box, others: readonly Placed[]): Box {
  const over = others.filter(({ box: { x, w } }) => x < box.x + box.w && box.x < x + w);
  const y = rows(over.map((other) => other.box).filter((other) => other.y < box.y));
  return y === box.y ? box : { ...box, y };
}

/** The same item if it is there already. */
function at<T extends Placed>(item: T, box: Box): T {
  const { x, y, w, h } = item.box;
  return x === box.x && y === box.y && w === box.w && h === box.h ? item : { ...item, box };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(value)));
}
