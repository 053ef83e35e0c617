// The line of a small trend, in a box of its own. Pure.
//
// What holds: a value stands until the next one, so the line goes in steps; where there was no good value there is a gap;
// a line has at most a few marks per column, however many changes there were.

import type { PointInfo } from 'pointcast';
import type { Track } from '../live/history.js';

/** A line and what its edges stand for; null where there is nothing to draw. */
export interface Spark {
  /** What an SVG path draws. */
  readonly path: string;
  readonly low: number;
  readonly high: number;
}

export interface Box {
  readonly width: number;
  readonly height: number;
  /** The moments of its left and right edges, Unix ms. */
  readonly from: number;
  readonly to: number;
  /** Least difference that fills its height: noise is not to look like a storm. */
  readonly least?: number;
}

/** Share of a point's range that fills the height of its line at least. */
const LEAST_OF_RANGE = 0.02;

/** What fills the height of a point's line at least. */
export function leastOf(info: PointInfo | undefined): number {
  const [low, high] = info?.range ?? [];
  return typeof low === 'number' && typeof high === 'number' ? (high - low) * LEAST_OF_RANGE : 0;
}

/** Lowest, highest and last value of a column of the box, and whether there was a gap in it. */
interface Column {
  low: number;
  high: number;
  last: number;
  gap: boolean;
}

/** The line of what `track` knows of the box's time, the newest value standing until `to`. */
export function spark(track: Track | undefined, box: Box): Spark | null {
  if (!track) return null;
  const columns = columnsOf(track, box);
  let [low, high] = [Infinity, -Infinity];
  for (const column of columns) {
    if (!column) continue;
    low = Math.min(low, column.low);
    high = Math.max(high, column.high);
  }
  if (low > high) return null;
  const span = Math.max(high - low, box.least ?? 0, Number.MIN_VALUE);
  const middle = (low + high) / 2;
  // One pixel of air for the line's own width.
  const y = (value: number) => round(1 + (box.height - 2) * (high === low ? 0.5 : 0.5 - (value - middle) / span));
  return { path: pathOf(columns, y), low, high };
}

function columnsOf({ times, values }: Track, { width, from, to }: Box): (Column | null)[] {
  const columns: (Column | null)[] = new Array<Column | null>(width).fill(null);
  if (!(to > from)) return columns;
  const columnOf = (time: number) => Math.min(width - 1, Math.max(0, Math.floor(((time - from) / (to - from)) * width)));
  const stand = (first: number, end: number, value: number) => {
    for (let at = first; at < end; at += 1) columns[at] = { low: value, high: value, last: value, gap: false };
  };
  let begin = firstAfter(times, from) - 1;
  if (begin < 0) begin = 0;
  let held = NaN;
  let next = 0;
  for (let at = begin; at < times.length; at += 1) {
    const time = times[at] ?? 0;
    const value = values[at] ?? NaN;
    if (time > to) break;
    const column = columnOf(time);
    if (!Number.isNaN(held)) stand(next, column, held);
    next = Math.max(next, column + 1);
    const there = columns[column] ?? null;
    columns[column] = put(there, value, held);
    held = value;
  }
  if (!Number.isNaN(held)) stand(next, width, held);
  return columns;
}

/** A column with one more value in it, or with the beginning of a gap. */
function put(there: Column | null, value: number, held: number): Column | null {
  if (Number.isNaN(value)) return there ? { ...there, gap: true } : Number.isNaN(held) ? null : { low: held, high: held, last: held, gap: true };
  if (!there) return { low: value, high: value, last: value, gap: false };
  return { low: Math.min(there.low, value), high: Math.max(there.high, value), last: value, gap: false };
}

function pathOf(columns: readonly (Column | null)[], y: (value: number) => number): string {
  const marks: string[] = [];
  let at: number | null = null;
  let isOpen = false;
  for (const [x, column] of columns.entries()) {
    if (!column) {
      isOpen = false;
      continue;
    }
    const [top, bottom, last] = [y(column.high), y(column.low), y(column.last)];
    if (!isOpen) marks.push(`M${x} ${last}`);
    if (!isOpen || at !== last || top !== bottom) {
      if (top !== bottom) marks.push(`L${x} ${top}V${bottom}V${last}`);
      else if (isOpen) marks.push(`H${x}V${last}`);
    }
    marks.push(`H${x + 1}`);
    at = last;
    isOpen = !column.gap;
  }
  return joined(marks);
}

/** Steps along the same height are one. */
function joined(marks: readonly string[]): string {
  return marks.join('').replace(/(?:H\d+)+(?=H)/g, '');
}

/** The first index whose time lies after `moment`. */
function firstAfter(times: Track['times'], moment: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) > moment) high = middle;
    else low = middle + 1;
  }
  return low;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
