// What a trend's address says: `/trends?points=a,b&span=15m`. Pure.

import { patternFault } from 'pointcast';
import { FIRST_SPAN_MS, LEAST_SPAN_MS } from './view.js';
import { KEPT_MS } from '../live/history.js';

/** What an address asks for. */
export interface Asked {
  /** Ids and patterns. */
  readonly points: readonly string[];
  readonly spanMs: number;
}

const UNITS_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 };
/** No more parts of an address than this are looked at. */
const MOST_PARTS = 100;

/** What the parts of an address ask for. What is no id, pattern or span is left out. */
export function askedOf(points: string | undefined, span: string | undefined): Asked {
  const parts = (points ?? '').split(',', MOST_PARTS).filter((part) => patternFault(part) === null);
  return { points: [...new Set(parts)], spanMs: spanMsOf(span) };
}

function spanMsOf(span: string | undefined): number {
  const [, count, unit] = /^(\d{1,4})([smh])$/.exec(span ?? '') ?? [];
  const ms = Number(count) * (UNITS_MS[unit ?? ''] ?? NaN);
  return ms >= LEAST_SPAN_MS && ms <= KEPT_MS ? ms : FIRST_SPAN_MS;
}

/** A span as an address says it. */
export function spanPart(spanMs: number): string {
  const [unit, ms] = spanMs % 3_600_000 === 0 ? ['h', 3_600_000] : spanMs % 60_000 === 0 ? ['m', 60_000] : ['s', 1_000];
  return `${Math.round(spanMs / Number(ms))}${unit}`;
}

/** The address of a trend. Ids stay readable. */
export function addressOf({ points, spanMs }: Asked): string {
  const readable = (id: string) => encodeURIComponent(id).replaceAll('%2F', '/').replaceAll('%24', '$');
  const query = [
    ...(points.length > 0 ? [`points=${points.map(readable).join()}`] : []),
    ...(spanMs === FIRST_SPAN_MS ? [] : [`span=${spanPart(spanMs)}`]),
  ];
  return query.length === 0 ? '/trends' : `/trends?${query.join('&')}`;
}
