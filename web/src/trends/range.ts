// From where to where an axis of values reaches, and where its marks are. Pure.
//
// What holds: what is drawn fits; an axis stays as it is while it serves, so that a picture does not jump at each value;
// what never changes is a line in the middle.

/** Lowest and highest. */
export type Range = readonly [number, number];

/** An axis goes beyond its values by this part of their span. */
const MARGIN = 0.08;
/** An axis whose values fill less than this part of it is made anew. */
const FILLED = 0.5;

/** The range for values from `low` to `high`; NaN where there are none. `before` is what it was, `least` how much it shows at least. */
export function rangeOf(low: number, high: number, before?: Range, least = 0): Range {
  if (Number.isNaN(low) || Number.isNaN(high)) return before ?? [0, 1];
  if (high > low && high - low < least) return rangeOf(...widened(low, high, least), before);
  const span = high - low || Math.max(flatSpan(low), least);
  if (before && low >= before[0] && high <= before[1] && span >= (before[1] - before[0]) * FILLED) return before;
  const step = niceStep(span * (1 + 2 * MARGIN), 8);
  const down = Math.floor((low - span * MARGIN) / step) * step;
  const up = Math.ceil((high + span * MARGIN) / step) * step;
  // What is never below zero has no axis below zero; one line at zero alone is in the middle.
  return low === high ? [down, up] : [low >= 0 ? Math.max(0, down) : down, high <= 0 ? Math.min(0, up) : up];
}

/** As wide as `least`, in whole parts of it, so that it stays where it is while the values tremble; not across zero. */
function widened(low: number, high: number, least: number): readonly [number, number] {
  const middle = Math.round((low + high) / least) * (least / 2);
  const [down, up] = [Math.min(low, middle - least / 2), Math.max(high, middle + least / 2)];
  return [low >= 0 ? Math.max(0, down) : down, high <= 0 ? Math.min(0, up) : up];
}

/** The span that is shown around a value that does not change. */
function flatSpan(value: number): number {
  return Math.abs(value) * 0.02 || 1;
}

/** A step of 1, 2 or 5 times a power of ten that parts `span` into at most `most`. */
export function niceStep(span: number, most: number): number {
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((one) => one * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** The lanes of switches: each has one of its own, the first on top, 1 high with space between. */
export const LANE = 1.5;
export function laneBase(at: number, count: number): number {
  return (count - 1 - at) * LANE;
}

/** The range of lanes. */
export function laneRange(count: number): Range {
  return [-0.35, (count - 1) * LANE + 1.35];
}

/** The range of values that have names. */
export function nameRange(low: number, high: number): Range {
  return Number.isNaN(low) ? [-0.5, 1.5] : [Math.floor(low) - 0.5, Math.ceil(high) + 0.5];
}

/** How far apart neighbours are among the numbers that a value may be: beyond 2⁵³ more than 1. */
export function grain(value: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(Math.abs(value) || 1)) - 52);
}

/** Steps of less than this part of a chart cannot be seen. */
const FINE = 1 / 256;

/** Whether integers this large still show their steps in a chart of this range: else a line would be made up. */
export function isExact(low: number, high: number): boolean {
  const step = grain(Math.max(Math.abs(low), Math.abs(high)));
  return !(step > 1) || step <= (high - low) * FINE;
}
