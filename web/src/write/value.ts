// A value as somebody gives it to a point: read by its type, held against its range, stepped up and down. Pure.

import type { PointInfo, Value } from 'pointcast';
import { type Fault, editText, isWhole, readNumber } from './number.js';

/** The longest text a point holds, in bytes. */
export const MOST_TEXT_BYTES = 4_096;

/** A value that may be sent, or why it may not. */
export type Read = { readonly value: Exclude<Value, null> } | { readonly fault: Fault };

/** In which way a value is chosen. */
export type Kind = 'switch' | 'choice' | 'number' | 'text';

export function kindOf(info: PointInfo): Kind {
  if (info.type === 'bool') return 'switch';
  if (info.type === 'string') return 'text';
  return Object.keys(info.labels ?? {}).length > 0 ? 'choice' : 'number';
}

/** What the field of a point gives. `typed`: of a switch `true` or `false`, of a choice its number. */
export function readValue(typed: string, info: PointInfo, tag: string): Read {
  if (info.type === 'bool') {
    return /^(true|false)$/.test(typed) ? { value: typed === 'true' } : { fault: { why: 'empty' } };
  }
  if (info.type === 'string') {
    return new TextEncoder().encode(typed).length > MOST_TEXT_BYTES ? { fault: { why: 'long' } } : { value: typed };
  }
  const read = readNumber(typed, info.type, tag);
  if ('fault' in read) return read;
  const range = rangeOf(info);
  if (range && (read.value < range[0] || read.value > range[1])) {
    return { fault: { why: 'range', low: range[0], high: range[1] } };
  }
  return read;
}

/** Lowest and highest value, in numbers that can be compared without loss. */
export function rangeOf({ range }: PointInfo): readonly [number | bigint, number | bigint] | null {
  const [low, high] = (range ?? []).map((bound) => (typeof bound === 'string' && /^-?\d+$/.test(bound) ? BigInt(bound) : bound));
  const isNumber = (bound: Value | undefined) => typeof bound === 'number' || typeof bound === 'bigint';
  return isNumber(low) && isNumber(high) ? [low as number, high as number] : null;
}

/** The text that the field begins with: the value now, where it can be trusted to be that. */
export function firstText(value: Value | undefined, info: PointInfo, tag: string): string {
  if (value === null || value === undefined) return '';
  if (info.type === 'bool' || info.type === 'string') return String(value);
  return editText(value as number | bigint | string, tag, isWhole(info.type) ? undefined : info.precision);
}

/** One step up (1) or down (-1) from what is typed: of the last digit shown, and not out of the range. */
export function stepped(typed: string, by: 1 | -1, info: PointInfo, tag: string): string {
  const range = rangeOf(info);
  const read = readNumber(typed, info.type, tag);
  const from = 'value' in read ? read.value : (range?.[0] ?? 0);
  if (isWhole(info.type)) {
    const next = 'value' in read ? BigInt(from) + BigInt(by) : BigInt(Math.ceil(Number(from)));
    return editText(within(next, range), tag);
  }
  const step = 10 ** -(info.precision ?? 0);
  // Without a precision whole steps leave the digits behind the point as they are.
  const digits = info.precision ?? decimalsOf(Number(from));
  const next = 'value' in read ? Number((Number(from) + by * step).toFixed(Math.min(Math.max(digits, 0), 20))) : Number(from);
  return editText(within(next, range), tag, info.precision);
}

/** How many digits a number has behind the point. */
function decimalsOf(value: number): number {
  const [, fraction = '', power = '0'] = /^-?\d+(?:\.(\d+))?(?:e(.+))?$/.exec(String(value)) ?? [];
  return Math.max(0, fraction.length - Number(power));
}

function within<N extends number | bigint>(value: N, range: readonly [number | bigint, number | bigint] | null): number | bigint {
  if (!range) return value;
  return value < range[0] ? range[0] : value > range[1] ? range[1] : value;
}
