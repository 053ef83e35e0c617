// Which span of time is looked at, and how zooming and panning change it. Pure.
//
// What holds: a view is never shorter than can be told apart, nor longer than what is kept, and lies between the oldest
// that is kept and now. One that follows ends now, always. Beginnings and ends are whole milliseconds.

import { KEPT_MS } from '../live/history.js';

/** How much is looked at, up to when: null follows what is now. */
export interface View {
  readonly spanMs: number;
  readonly end: number | null;
}

/** The spans that can be chosen. */
export const SPANS_MS = [60_000, 300_000, 900_000, 1_800_000, KEPT_MS] as const;
/** No view is shorter. */
export const LEAST_SPAN_MS = 1_000;
/** A view that ends so near now, as a part of its span, follows again. */
const NEAR = 0.01;

/** Beginning and end of a view, Unix ms. */
export function spanOf({ spanMs, end }: View, now: number): { from: number; to: number } {
  const to = Math.floor(end ?? now);
  return { from: to - spanMs, to };
}

/** The view from one time to another, within what there is. Where its end comes to lie now, it follows. */
export function between(from: number, to: number, now: number): View {
  const spanMs = Math.round(Math.min(KEPT_MS, Math.max(LEAST_SPAN_MS, to - from)));
  const middle = (from + to) / 2;
  const end = Math.round(Math.min(now, Math.max(now - KEPT_MS + spanMs, middle + spanMs / 2)));
  return { spanMs, end: end >= now - spanMs * NEAR ? null : end };
}

/** Makes a view `factor` times as long, around a place in it: 0 is its beginning, 1 its end. */
export function zoomed(view: View, factor: number, around: number, now: number): View {
  const { from, to } = spanOf(view, now);
  const spanMs = Math.min(KEPT_MS, Math.max(LEAST_SPAN_MS, view.spanMs * factor));
  const fixed = from + (to - from) * around;
  return between(fixed - spanMs * around, fixed + spanMs * (1 - around), now);
}

/** Moves a view by a part of its span: less than 0 is to earlier. */
export function panned(view: View, part: number, now: number): View {
  const { from, to } = spanOf(view, now);
  return between(from + view.spanMs * part, to + view.spanMs * part, now);
}

/** Keeps two places of a view under two fingers: each was at `before` and is at `after`, parts of the span. */
export function pinched(view: View, before: readonly [number, number], after: readonly [number, number], now: number): View {
  const { from, to } = spanOf(view, now);
  const timeAt = (part: number) => from + (to - from) * part;
  const apart = Math.max(Math.abs(after[1] - after[0]), 0.02) * Math.sign(after[1] - after[0] || 1);
  const spanMs = Math.min(KEPT_MS, Math.max(LEAST_SPAN_MS, Math.abs((timeAt(before[1]) - timeAt(before[0])) / apart)));
  const middle = (timeAt(before[0]) + timeAt(before[1])) / 2;
  const begin = middle - (spanMs * (after[0] + after[1])) / 2;
  return between(begin, begin + spanMs, now);
}
