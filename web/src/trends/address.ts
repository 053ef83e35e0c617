// What a trend's address says: `/trends?points=a,b&span=15m`. Pure.

import { patternFault } from 'pointcast';
import { KEPT_MS } from '../live/history.js';
import { LEAST_SPAN_MS } from './view.js';

export const PAGE = '/trends';

/** What an address asks for. */
export interface Asked {
  /** Ids and patterns. */
  readonly points: readonly string[];
  /** How much of the past; null where the address does not say. */
  readonly spanMs: number | null;
}

const UNITS_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 };
/** No more parts of an address than this are looked at. */
const MOST_PARTS = 100;

/** What the parts of an address ask for. What is no id, pattern or span is left out. */
export function askedOf(points: string | undefined, span: string | undefined): Asked {
  const parts = (points ?? '').split(',', MOST_PARTS).filter((part) => patternFault(part) === null);
  return { points: [...new Set(parts)], spanMs: spanMsOf(span) };
}

function spanMsOf(span: string | undefined): number | null {
  const [, count, unit] = /^(\d{1,4})([smh])$/.exec(span ?? '') ?? [];
  const ms = Number(count) * (UNITS_MS[unit ?? ''] ?? NaN);
  return ms >= LEAST_SPAN_MS && ms <= KEPT_MS ? ms : null;
}

/** A span as an address says it. */
export function spanPart(spanMs: number): string {
  const [unit, ms] = spanMs % 3_600_000 === 0 ? ['h', 3_600_000] : spanMs % 60_000 === 0 ? ['m', 60_000] : ['s', 1_000];
  return `${Math.round(spanMs / Number(ms))}${unit}`;
}

/** The address of a trend. Ids stay readable. */
export function addressOf(points: readonly string[], spanMs: number): string {
  const readable = (id: string) => encodeURIComponent(id).replaceAll('%2F', '/').replaceAll('%24', '$');
  return points.length === 0 ? PAGE : `${PAGE}?points=${points.map(readable).join()}&span=${spanPart(spanMs)}`;
}
