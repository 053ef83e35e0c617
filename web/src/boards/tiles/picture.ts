// What tiles draw, as numbers and paths. Pure.

import type { PointInfo, Value } from 'pointcast';
import { share } from '../../text/format.js';
import type { What } from '../document.js';

/** A gauge's arc begins and ends so far from straight down, in degrees. */
const OPEN_DEG = 60;
/** In a picture of 100 by 100: middle and radius of the arc. */
const MIDDLE = 50;
const RADIUS = 42;

/** The whole arc of a gauge, from its low to its high end. */
export const ARC = `M${polar(0)}A${RADIUS} ${RADIUS} 0 1 1 ${polar(1)}`;

/** The point on the arc at a share of it. */
export function polar(of: number): string {
  const angle = ((90 + OPEN_DEG + of * (360 - 2 * OPEN_DEG)) * Math.PI) / 180;
  return `${(MIDDLE + RADIUS * Math.cos(angle)).toFixed(2)} ${(MIDDLE + RADIUS * Math.sin(angle)).toFixed(2)}`;
}

/** The range of a gauge or bar: the board's own, else the point's. */
export function rangeOf(what: { readonly range?: readonly [number, number] }, info?: PointInfo): readonly [number, number] | null {
  if (what.range) return what.range;
  const [low, high] = info?.range ?? [];
  return typeof low === 'number' && typeof high === 'number' && low < high ? [low, high] : null;
}

/** Where a value lies in a range, 0 to 1; null where that cannot be told. */
export function shareOf(value: Value | undefined, range: readonly [number, number] | null, info?: PointInfo): number | null {
  if (!range) return null;
  const { type, labels } = info ?? {};
  return share(value, { type: type ?? 'f64', range, ...(labels && { labels }) });
}

/** What a lamp says of a value: on, off, a warning, an alarm, or nothing but its word. */
export type Lit = 'on' | 'off' | 'warn' | 'alarm' | 'plain';

/** The value as lamps name it: `0` and `1` for no and yes, a number's digits, a text itself. */
export function keyOf(value: Value): string {
  return typeof value === 'boolean' ? String(Number(value)) : String(value);
}

/** How a lamp is lit. */
export function litOf({ alarm, warn }: Extract<What, { kind: 'lamp' }>, value: Value | undefined): Lit | null {
  if (value === undefined || value === null) return null;
  const key = keyOf(value);
  if (alarm?.includes(key)) return 'alarm';
  if (warn?.includes(key)) return 'warn';
  if (typeof value === 'string') return 'plain';
  return Number(value) === 0 ? 'off' : 'on';
}

/** A part of a text tile: a heading (`# …`), or lines. */
export interface Block {
  readonly isHeading: boolean;
  readonly text: string;
}

/** The parts of a text: a line that begins with `#` is a heading, an empty line ends a paragraph. */
export function blocks(text: string): Block[] {
  const found: { isHeading: boolean; text: string }[] = [];
  let open = false;
  for (const line of text.split('\n')) {
    const heading = /^#+ +(.*)$/.exec(line)?.[1];
    const last = found.at(-1);
    if (heading !== undefined) found.push({ isHeading: true, text: heading });
    else if (line.trim() !== '' && open && last) last.text += `\n${line}`;
    else if (line.trim() !== '') found.push({ isHeading: false, text: line });
    open = heading === undefined && line.trim() !== '';
  }
  return found;
}

/** What a point is worth as a number tile's own digits: the tile's decimals stand before the point's. */
export function metaOf(info: PointInfo | undefined, decimals: number | undefined): PointInfo | undefined {
  return info && decimals !== undefined ? { ...info, precision: decimals } : info;
}
