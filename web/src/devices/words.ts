// Text for what devices have and points have not: shares, short times, requests.

import { NOTHING, durationText, numberText } from '../text/format.js';
import { text } from '../text/language.js';
import type { PlanLine } from './report.js';

/** The least that is told apart from nothing. */
const LEAST_PERCENT = 0.1;

/** A share in percent: one digit behind the point below ten. */
export function shareText(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return NOTHING;
  const percent = share * 100;
  if (percent > 0 && percent < LEAST_PERCENT / 2) return `< ${numberText(LEAST_PERCENT, 1)} %`;
  return `${numberText(percent, percent === 0 || percent >= 9.95 ? 0 : 1)} %`;
}

/** A share and what is left of the whole, with the same digits, so that both add up. */
export function partedText(share: number): readonly [string, string] {
  const percent = Math.min(100, Math.max(0, share * 100));
  const digits = percent > 0 && percent < 9.95 || percent > 90.05 && percent < 100 ? 1 : 0;
  const least = 10 ** -digits;
  // What is there is neither nothing nor all.
  const shown = percent === 0 || percent === 100 ? percent : Math.min(100 - least, Math.max(least, Number(percent.toFixed(digits))));
  return [`${numberText(shown, digits)} %`, `${numberText(100 - shown, digits)} %`];
}

/** A measured or predicted time: three digits that mean something, at most two behind the point. */
export function shortTimeText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NOTHING;
  return `${numberText(ms, ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0)} ms`;
}

/** An interval as people set it. */
export function everyText(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? NOTHING : durationText(ms);
}

/** A moment in a picture of time, with as many digits as its marks need. */
export function offsetText(ms: number, lengthMs: number): string {
  if (lengthMs < 1_000) return `${numberText(Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  return `${numberText(Number(seconds.toFixed(lengthMs < 20_000 ? 2 : 0)))} s`;
}

/** What is asked: in the reader's words where it was told in parts, else as the gateway wrote it. */
export function requestText({ request, parts }: PlanLine): string {
  const { function: code, table, start, count } = parts;
  if (typeof code !== 'number' || typeof start !== 'number' || typeof count !== 'number' || typeof table !== 'string') return request;
  const range = count > 1 ? `${start}–${start + count - 1}` : `${start}`;
  return `${String(code).padStart(2, '0')} ${tableText(table)} ${range}`;
}

/** A table of Modbus by its name. */
export function tableText(table: string): string {
  const words = text().devices.tables;
  return Object.hasOwn(words, table) ? (words[table] ?? table) : table;
}
