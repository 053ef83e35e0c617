// What stands beside the axes: times as the reader writes them, numbers as short as they may be, names, and on and off.
// Pure.

import { numberText, valueText } from '../text/format.js';
import { locale } from '../text/language.js';
import type { Group } from './groups.js';
import { LANE, type Range, laneBase, laneRange, nameRange, rangeOf } from './range.js';

const MINUTE_MS = 60_000;
/** A name longer than this does not fit beside an axis. */
const MOST_CHARACTERS = 10;

/** Times beside an axis whose marks are `stepMs` apart. */
export function timeMarks(times: readonly number[], stepMs: number): string[] {
  const format = new Intl.DateTimeFormat(locale(), {
    hour: 'numeric', minute: '2-digit',
    ...(stepMs < MINUTE_MS && { second: '2-digit' }),
    ...(stepMs < 1_000 && { fractionalSecondDigits: stepMs < 10 ? 3 : stepMs < 100 ? 2 : 1 }),
  });
  return times.map((time) => format.format(time));
}

/** A time as exact as a chart of this span can show it. */
export function timeText(time: number, spanMs: number): string {
  return new Intl.DateTimeFormat(locale(), {
    hour: 'numeric', minute: '2-digit', second: '2-digit',
    ...(spanMs <= 5 * MINUTE_MS && { fractionalSecondDigits: spanMs <= MINUTE_MS / 6 ? 3 : 1 }),
  }).format(time);
}

/** From where to where the values of a chart reach. */
export function valueRange({ kind, lines }: Group, low: number, high: number, before?: Range): Range {
  if (kind === 'switch') return laneRange(lines.length);
  return kind === 'names' ? nameRange(low, high) : rangeOf(low, high, before);
}

/** Where marks are that are not at round numbers: at the values that have names; null leaves them to the numbers. */
export function namedMarks({ kind, lines }: Group, [low, high]: Range): number[] | null {
  if (kind === 'switch') return lines.flatMap((_, at) => [laneBase(at, lines.length), laneBase(at, lines.length) + 1]);
  if (kind !== 'names') return null;
  const keys = Object.keys(lines[0]?.info.labels ?? {}).map(Number);
  return keys.filter((key) => key >= low && key <= high).sort((one, other) => one - other);
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
