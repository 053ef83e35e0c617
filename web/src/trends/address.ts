// What a trend's address says: `/trends?points=a,b&span=15m`, and `&until=2026-03-01T08:00:00.000Z` (RFC 3339, UTC) of a
// stretch that is over. Pure.

import { patternFault } from 'pointcast';
import { KEPT_MS } from '../live/history.js';
import { LEAST_SPAN_MS, type View } from './view.js';

export const PAGE = '/trends';

/** What an address asks for. */
export interface Asked {
  /** Ids and patterns. */
  readonly points: readonly string[];
  /** How much of the past; null where the address does not say. */
  readonly spanMs: number | null;
  /** Where the stretch ends, Unix ms; null follows what is now. */
  readonly until: number | null;
}

const UNITS_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** No more parts of an address than this are looked at. */
const MOST_PARTS = 100;

/** What the parts of an address ask for. What is no id, pattern, span or time is left out. */
export function askedOf(points: string | undefined, span: string | undefined, until: string | undefined): Asked {
  const parts = (points ?? '').split(',', MOST_PARTS).filter((part) => patternFault(part) === null);
  return { points: [...new Set(parts)], spanMs: spanMsOf(span), until: timeOf(until) };
}

function spanMsOf(span: string | undefined): number | null {
  const [, count, unit] = /^(\d{1,7})(ms|s|m|h)$/.exec(span ?? '') ?? [];
  const ms = Number(count) * (UNITS_MS[unit ?? ''] ?? NaN);
  return ms >= LEAST_SPAN_MS && ms <= KEPT_MS ? ms : null;
}

function timeOf(until: string | undefined): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(until ?? '')) return null;
  const time = new Date(until ?? '');
  // There is no 30th of February, though some take it for the 2nd of March.
  return Number.isNaN(time.getTime()) || time.toISOString().slice(0, 19) !== until?.slice(0, 19) ? null : time.getTime();
}

/** A span as an address says it. */
export function spanPart(spanMs: number): string {
  const whole = Math.round(spanMs);
  const [unit, ms] = Object.entries(UNITS_MS).findLast(([, one]) => whole % one === 0) ?? ['ms', 1];
  return `${whole / ms}${unit}`;
}

/** The view that is asked for. `liveMs`: how much is looked at where nothing is said of that. */
export function viewOf({ spanMs, until }: Asked, liveMs: number): View {
  return { spanMs: spanMs ?? liveMs, end: until };
}

/** The address of a trend. Ids stay readable. */
export function addressOf(points: readonly string[], { spanMs, end }: View): string {
  if (points.length === 0) return PAGE;
  const readable = (id: string) => encodeURIComponent(id).replaceAll('%2F', '/').replaceAll('%24', '$');
  const until = end === null ? '' : `&until=${new Date(Math.round(end)).toISOString()}`;
  return `${PAGE}?points=${points.map(readable).join()}&span=${spanPart(spanMs)}${until}`;
}
