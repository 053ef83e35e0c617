// What stands beside the axes: times as the reader writes them, numbers as short as they may be, names, and on and off.
// Pure.

import { KEPT_MS } from '../live/history.js';
import { numberText, valueText } from '../text/format.js';
import { locale } from '../text/language.js';
import type { Group } from './groups.js';
import { LANE, type Range, laneBase, laneRange, nameRange, niceStep, rangeOf } from './range.js';

const MINUTE_MS = 60_000;
/** A name longer than this does not fit beside an axis. */
const MOST_CHARACTERS = 12;
/** Up to so many names all are shown. */
const MOST_NAMES = 8;
/** Marks of values are at least so far apart. */
const MARK_PX = 24;
const MOST_MARKS = 9;
const LEAST_GUTTER_PX = 48;
const GUTTER_GAP_PX = 12;
const GUTTER_STEP_PX = 12;
/** So many steps of the last digit shown an axis has at least: it is not to magnify what reads alike. */
const LEAST_STEPS = 4;

/** Times beside an axis whose marks are `stepMs` apart. Marks are summed up: what lacks a trifle of its second is that second. */
export function timeMarks(times: readonly number[], stepMs: number): string[] {
  const format = new Intl.DateTimeFormat(locale(), {
    hour: 'numeric', minute: '2-digit',
    ...(stepMs < MINUTE_MS && { second: '2-digit' }),
    ...(stepMs < 1_000 && { fractionalSecondDigits: stepMs < 10 ? 3 : stepMs < 100 ? 2 : 1 }),
  });
  return times.map((time) => format.format(Math.round(time)));
}

/** A time as exact as a chart of this span can show it; with its day where that is no longer of the hour before `now`. */
export function timeText(time: number, spanMs: number, now: number): string {
  return new Intl.DateTimeFormat(locale(), {
    ...(now - time > KEPT_MS && { month: 'short', day: 'numeric' }),
    hour: 'numeric', minute: '2-digit', second: '2-digit',
    ...(spanMs <= 5 * MINUTE_MS && { fractionalSecondDigits: spanMs <= MINUTE_MS / 6 ? 3 : 1 }),
  }).format(time);
}

/** From where to where the values of a chart reach. */
export function valueRange(group: Group, low: number, high: number, before?: Range): Range {
  if (group.kind === 'switch') return laneRange(group.lines.length);
  if (group.kind === 'number') return rangeOf(low, high, before, leastOf(group));
  // All the names, as long as they are few: then the chart stays as it is.
  const keys = keysOf(group);
  const [first, last] = keys.length <= MOST_NAMES ? [keys[0] ?? low, keys.at(-1) ?? high] : [low, high];
  return nameRange(Number.isNaN(low) ? first : Math.min(low, first), Number.isNaN(high) ? last : Math.max(high, last));
}

/** How much an axis shows at least: a few steps of the finest line, as far as every line says how fine it is. */
function leastOf({ lines }: Group): number {
  const digits = lines.map(({ info }) => info.precision);
  return digits.includes(undefined) ? 0 : LEAST_STEPS * 10 ** -Math.max(...digits.map((one) => one ?? 0));
}

function keysOf({ lines }: Group): number[] {
  return Object.keys(lines[0]?.info.labels ?? {}).map(Number).sort((one, other) => one - other);
}

/** Where marks are in a chart `heightPx` high: at round numbers, at values that have names, or at on and off. */
export function marksOf(group: Group, [low, high]: Range, heightPx: number): number[] {
  const { kind, lines } = group;
  const most = Math.min(MOST_MARKS, Math.max(2, Math.floor(heightPx / MARK_PX)));
  if (kind === 'switch') return lines.flatMap((_, at) => [laneBase(at, lines.length), laneBase(at, lines.length) + 1]);
  if (kind === 'names') {
    const keys = keysOf(group).filter((key) => key >= low && key <= high);
    const every = Math.ceil(keys.length / most);
    return keys.filter((_, at) => at % every === 0);
  }
  const step = niceStep(high - low, most);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, Math.min(count, most + 1)) }, (_, at) => (first + at) * step);
}

/** How wide what stands beside the marks is, in steps: so that charts do not jump with every digit. */
export function gutterOf(marks: readonly string[]): number {
  const wide = marks.reduce((widest, mark) => Math.max(widest, [...mark].reduce((sum, one) => sum + (one > '\u2e80' ? 12 : 7), 0)), 0);
  return Math.max(LEAST_GUTTER_PX, Math.ceil((wide + GUTTER_GAP_PX) / GUTTER_STEP_PX) * GUTTER_STEP_PX);
}

/** What stands beside the marks of values. */
export function valueMarks({ kind, lines }: Group, marks: readonly number[]): string[] {
  if (kind === 'number') return numberMarks(marks);
  return marks.map((mark) => {
    const line = kind === 'switch' ? lines[lines.length - 1 - Math.floor(mark / LANE + 1e-9)] : lines[0];
    const value = kind === 'switch' ? mark % LANE > 0.5 : mark;
    return shortened(valueText(value, line?.info).text);
  });
}

/** Numbers with as many digits as tell neighbours apart; with a power of ten where that would be too long. */
function numberMarks(marks: readonly number[]): string[] {
  const step = marks.length > 1 ? Math.abs((marks[1] ?? 0) - (marks[0] ?? 0)) : 0;
  const digits = step > 0 ? Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)) : 0;
  const largest = Math.max(...marks.map(Math.abs), 0);
  if (digits > 6 || largest >= 1e12) {
    const exact = step > 0 ? Math.min(15, Math.max(0, Math.ceil(Math.log10(largest / step)))) : 2;
    return marks.map((mark) => (mark === 0 ? '0' : mark.toExponential(exact)));
  }
  return marks.map((mark) => numberText(Number(mark.toFixed(digits)), digits));
}

function shortened(name: string): string {
  return name.length > MOST_CHARACTERS ? `${name.slice(0, MOST_CHARACTERS - 1)}…` : name;
}
