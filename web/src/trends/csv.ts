// What is shown as a table for spreadsheets: comma-separated values (RFC 4180) in UTF-8. Pure.
//
// What holds: a row for each moment at which something changed, and for both ends of what is shown; in each row every
// point has the value that stood then, and nothing where no good value was known; integers too long for a number have the
// digits that are sure, with a power of ten. Times are UTC (ISO 8601). No name is
// taken for a formula by a program that opens it.

import type { PointInfo } from 'pointcast';
import type { Track } from '../live/history.js';
import { indexAt } from './decimate.js';

/** A point and what it was. */
export interface Column {
  readonly id: string;
  readonly info: PointInfo | undefined;
  readonly track: Track | undefined;
}

/** As many rows as spreadsheets take; of more the newest. */
export const MOST_ROWS = 1_000_000;
/** By this spreadsheets know UTF-8. */
const MARK = '\ufeff';
const END = '\r\n';
/** Rows are handed over in texts of so many. */
const ROWS_PER_TEXT = 5_000;

/** The table from one time to another, in texts that belong one after the other. Without rows where the end is before the beginning. */
export function* csvOf(columns: readonly Column[], from: number, to: number, most = MOST_ROWS): Generator<string, void, void> {
  yield MARK + ['time', ...columns.map(headerOf)].map(quoted).join() + END;
  if (from > to) return;
  const merge = new Merge(columns, from, to);
  for (let spare = merge.count() - most; spare > 0; spare -= 1) merge.next();
  let rows: string[] = [];
  for (let time = merge.next(); time !== null; time = merge.next()) {
    rows.push([new Date(time).toISOString(), ...merge.cells()].join() + END);
    if (rows.length === ROWS_PER_TEXT) {
      yield rows.join('');
      rows = [];
    }
  }
  yield rows.join('');
}

/** The name of the file. */
export function csvName(to: number): string {
  return `trends_${new Date(to).toISOString().slice(0, 19).replaceAll(':', '-')}Z.csv`;
}

/** A point's name, with its unit, or the names of its values. */
function headerOf({ id, info }: Column): string {
  const names = Object.entries(info?.labels ?? {}).map(([key, name]) => `${key} ${name}`).join(', ');
  const more = names || info?.unit || '';
  return more === '' ? id : `${id} (${more})`;
}

/** A cell of text. One that would be taken for a formula begins with what makes it text. */
function quoted(cell: string): string {
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** As many digits of an integer beyond 2⁵³ are its own in the number nearest to it. */
const SURE_DIGITS = 15;

function cellOf(value: number, info: PointInfo | undefined): string {
  if (Number.isNaN(value)) return '';
  const isRounded = (info?.type === 'i64' || info?.type === 'u64') && Math.abs(value) > Number.MAX_SAFE_INTEGER;
  return isRounded ? value.toExponential(SURE_DIGITS - 1) : String(value);
}

/** Goes through the changes of all columns in the order of time. */
class Merge {
  readonly #columns: readonly Column[];
  readonly #at: number[];
  readonly #from: number;
  readonly #to: number;
  #time: number;

  constructor(columns: readonly Column[], from: number, to: number) {
    this.#columns = columns;
    this.#from = from;
    this.#to = to;
    this.#time = -Infinity;
    this.#at = columns.map(() => -1);
  }

  /** No fewer rows than there will be. */
  count(): number {
    const changes = ({ track }: Column) => (track ? indexAt(track.times, this.#to) - indexAt(track.times, this.#from) : 0);
    return this.#columns.reduce((sum, column) => sum + changes(column), 2);
  }

  /** The time of the next row; null after the last. */
  next(): number | null {
    if (this.#time >= this.#to) return null;
    this.#time = this.#time === -Infinity ? this.#from : Math.min(this.#to, this.#soonest());
    for (const [at, { track }] of this.#columns.entries()) {
      if (!track) continue;
      if (this.#time === this.#from) this.#at[at] = indexAt(track.times, this.#from);
      while ((track.times[(this.#at[at] ?? 0) + 1] ?? Infinity) <= this.#time) this.#at[at] = (this.#at[at] ?? 0) + 1;
    }
    return this.#time;
  }

  /** The values that stand now. */
  cells(): string[] {
    return this.#columns.map(({ track, info }, at) => cellOf(track?.values[this.#at[at] ?? -1] ?? NaN, info));
  }

  #soonest(): number {
    return this.#columns.reduce((soonest, { track }, at) => Math.min(soonest, track?.times[(this.#at[at] ?? 0) + 1] ?? Infinity), Infinity);
  }
}
