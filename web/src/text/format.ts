// Text for values, ages and times, by the reader's language and customs.
//
// What holds: a value that is not there is a dash, never a zero; no digit that the device did not give is made up.

import { createSignal } from 'solid-js';
import type { PointInfo, Value } from 'pointcast';
import { locale, text } from './language.js';

export const NOTHING = '—';

/** What an f64 shows of itself where no precision is given: the last digits of most are noise, and do not fit. */
const F64_DIGITS = 12;
/** As many digits behind the point as a number may have here. */
const MOST_DIGITS = 20;

type Meta = Pick<PointInfo, 'type' | 'precision' | 'labels' | 'range'>;

/** A value for people: what stands for it, and the number behind a name or a rounded text where that is something else. */
export interface Shown {
  readonly text: string;
  readonly raw: string | null;
}

const formats = new Map<string, Intl.NumberFormat>();

/** A number as people write it. `digits`: exactly so many behind the point, else as many as it has. */
export function numberText(value: number | bigint | string, digits?: number): string {
  const key = `${locale()} ${digits}`;
  let format = formats.get(key);
  if (!format) {
    const bound = digits === undefined ? undefined : Math.min(Math.max(digits, 0), MOST_DIGITS);
    format = new Intl.NumberFormat(locale(), {
      useGrouping: 'min2',
      minimumFractionDigits: bound ?? 0,
      maximumFractionDigits: bound ?? MOST_DIGITS,
    } as Intl.NumberFormatOptions);
    formats.set(key, format);
  }
  // As text, so that a shortest number stays as short as it is.
  return unsignedZero(format.format(String(value) as `${number}`), locale());
}

/** `-0.00` reads as a sign that means something; it does not. */
function unsignedZero(shown: string, tag: string): string {
  return /[1-9]/.test(shown) || tag.includes('-u-nu-') ? shown : shown.replace(/^[-−]/, '');
}

/** What stands for a value. Without `meta` it stands as the gateway wrote it. */
export function valueText(value: Value | undefined, meta?: Meta): Shown {
  if (value === null || value === undefined) return { text: NOTHING, raw: null };
  const label = labelOf(value, meta);
  if (label !== null) return { text: label, raw: String(Number(value)) };
  // Answers what most names of such points ask: “door/closed”, “pump/running”, “service_due”.
  if (typeof value === 'boolean') return { text: value ? text().yes : text().no, raw: String(value) };
  if (typeof value === 'string') return { text: isWide(value, meta) ? numberText(value) : value, raw: null };
  if (typeof value === 'bigint') return { text: numberText(value), raw: null };
  return numberShown(value, meta);
}

function numberShown(value: number, meta?: Meta): Shown {
  const isFloat = meta?.type === 'f32' || meta?.type === 'f64';
  // Beyond the integers that a double can tell apart, rounding makes up digits.
  if (isFloat && meta.precision !== undefined && Math.abs(value) <= Number.MAX_SAFE_INTEGER) {
    return { text: numberText(value, meta.precision), raw: null };
  }
  const short = meta?.type === 'f64' ? Number(value.toPrecision(F64_DIGITS)) : value;
  if (isTiny(short)) return { text: String(short), raw: null };
  return { text: numberText(short), raw: short === value ? null : String(value) };
}

/** So small or so large that its digits alone would mislead: written with its power of ten. */
function isTiny(value: number): boolean {
  return /e/.test(String(value));
}

/** An integer that came as text because a browser would bend it. */
function isWide(value: string, meta?: Meta): boolean {
  return (meta?.type === 'i64' || meta?.type === 'u64') && /^-?\d+$/.test(value);
}

/** The name of an enumerated value. Text points have none: their text is what it is. */
export function labelOf(value: Value, meta?: Meta): string | null {
  if (!meta?.labels || meta.type === 'string') return null;
  const key = typeof value === 'boolean' ? String(Number(value)) : String(value);
  return Object.hasOwn(meta.labels, key) ? (meta.labels[key] ?? null) : null;
}

/** Where the value lies in its range, 0 to 1; null where that cannot be told. */
export function share(value: Value | undefined, meta?: Meta): number | null {
  if (typeof value !== 'number' || !meta?.range || labelOf(value, meta) !== null) return null;
  const [low, high] = meta.range;
  if (typeof low !== 'number' || typeof high !== 'number' || !(high > low)) return null;
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/** A reason in words; an unknown one as the gateway wrote it. */
export function reasonText(reason: string | undefined): string {
  if (!reason) return '';
  const words = text().reason;
  return Object.hasOwn(words, reason) ? (words[reason] ?? '') : reason.replaceAll('_', ' ');
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Clocks disagree by this much without anyone caring. */
const CLOCK_SLACK_MS = 2 * SECOND;

/** A length of time in at most `units` units, rounded down. */
export function spanText(ms: number, units: 1 | 2 = 2): string {
  const words = text().span;
  const count = (of: number) => numberText(Math.floor(of));
  const [large, small]: [string, string | null] =
    ms < MINUTE ? [words.seconds(count(ms / SECOND)), null]
    : ms < HOUR ? [words.minutes(count(ms / MINUTE)), rest(ms % MINUTE, SECOND, words.seconds)]
    : ms < DAY ? [words.hours(count(ms / HOUR)), rest(ms % HOUR, MINUTE, words.minutes)]
    : [words.days(count(ms / DAY)), rest(ms % DAY, HOUR, words.hours)];
  return small === null || units === 1 ? large : `${large} ${small}`;
}

function rest(ms: number, unit: number, word: (count: string) => string): string | null {
  const count = Math.floor(ms / unit);
  return count === 0 ? null : word(numberText(count));
}

/** How long ago, rounded down to its largest unit: for columns that are to be calm. A time well in the future says so. */
export function ageText(ms: number | null, units: 1 | 2 = 1): string {
  if (ms === null || !Number.isFinite(ms)) return NOTHING;
  if (ms < -CLOCK_SLACK_MS) return text().ahead(spanText(-ms, units));
  if (ms < SECOND) return text().now;
  return text().ago(spanText(ms, units));
}

/** A setting of time: milliseconds as such, whole seconds as people say them. */
export function durationText(ms: number): string {
  return ms < SECOND || ms % SECOND !== 0 ? `${numberText(ms)} ms` : spanText(ms);
}

const [today, setToday] = createSignal(Date.now(), { equals: (one, other) => new Date(one).toDateString() === new Date(other).toDateString() });

/** Tells the time again and again, so that a moment of a day that has passed gets its date. */
export function turnDay(now: number): void {
  setToday(now);
}

/** A moment on the reader's own clock: the time alone today, else with its date. Tracked: anew with each day. */
export function momentText(time: number | null, now: number = today()): string {
  if (time === null) return NOTHING;
  const date = new Date(time);
  const same = date.toDateString() === new Date(now).toDateString();
  return new Intl.DateTimeFormat(locale(), { timeStyle: 'medium', ...(!same && { dateStyle: 'medium' }) }).format(date);
}
