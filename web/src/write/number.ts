// Numbers as people type them, by the reader's own customs. Pure.
//
// What holds: a number is understood as it was meant, or refused: “1,234” may be a thousand or one, so it is neither. No
// digit is lost on the way: what the type of the point cannot tell apart is refused.

import type { PointInfo } from 'pointcast';

/** Integer types with what they hold. */
const WHOLE: Partial<Record<PointInfo['type'], readonly [bigint, bigint]>> = {
  i16: [-(2n ** 15n), 2n ** 15n - 1n],
  u16: [0n, 2n ** 16n - 1n],
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  u32: [0n, 2n ** 32n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
};
const MOST_F32 = 3.4028234663852886e38;

/** Why something typed is no value. */
export type Fault =
  | { readonly why: 'empty' | 'number' | 'whole' | 'digits' | 'long' }
  | { readonly why: 'separator'; readonly decimal: string }
  | { readonly why: 'range'; readonly low: number | bigint; readonly high: number | bigint };

/** A number that was read, or why it could not be. */
export type ReadNumber = { readonly value: number | bigint } | { readonly fault: Fault };

/** How a locale writes numbers. */
interface Customs {
  readonly decimal: string;
  readonly group: string;
  readonly digits: readonly string[];
}

/** By which signs a locale writes numbers. */
export function customsOf(tag: string): Customs {
  const parts = new Intl.NumberFormat(tag).formatToParts(-1234567.8);
  const of = (type: string, otherwise: string) => parts.find((part) => part.type === type)?.value ?? otherwise;
  const digits = [...new Intl.NumberFormat(tag, { useGrouping: false }).format(9876543210)].reverse();
  return { decimal: of('decimal', '.'), group: of('group', ','), digits };
}

export function isWhole(type: PointInfo['type']): boolean {
  return WHOLE[type] !== undefined;
}

/** The number that `typed` is for a point of this type. */
export function readNumber(typed: string, type: PointInfo['type'], tag: string): ReadNumber {
  const customs = customsOf(tag);
  const text = plainSigns(typed, customs);
  if (text === '') return { fault: { why: 'empty' } };
  const plain = withoutGroups(text, customs);
  if (plain === null) return { fault: /[.,٫]/.test(text) ? { why: 'separator', decimal: customs.decimal } : { why: 'number' } };
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i.test(plain)) return { fault: { why: 'number' } };
  const bounds = WHOLE[type];
  return bounds ? readWhole(plain, bounds) : readFloat(plain, type === 'f32' ? MOST_F32 : Number.MAX_VALUE);
}

function readWhole(plain: string, [low, high]: readonly [bigint, bigint]): ReadNumber {
  const whole = /^\+?(-?\d+)(\.0*)?$/.exec(plain)?.[1];
  if (whole === undefined) return { fault: { why: 'whole' } };
  const value = BigInt(whole);
  if (value < low || value > high) return { fault: { why: 'range', low, high } };
  return { value: Number.isSafeInteger(Number(value)) ? Number(value) : value };
}

function readFloat(plain: string, most: number): ReadNumber {
  const value = Number(plain);
  if (Math.abs(value) > most) return { fault: { why: 'range', low: -most, high: most } };
  return isExact(plain, value) ? { value: value === 0 ? 0 : value } : { fault: { why: 'digits' } };
}

/** Whether a double still has every digit that was typed. */
function isExact(plain: string, value: number): boolean {
  const significant = (text: string) => text.replace(/e.*/i, '').replace(/[^\d]/g, '').replace(/^0+|0+$/g, '');
  const typed = significant(plain);
  if (typed === '') return true;
  return value !== 0 && typed.length <= 17 && significant(value.toExponential(typed.length - 1)) === typed;
}

/** The same with ASCII digits and signs: of the locale, and of the wide forms that input methods write. */
function plainSigns(typed: string, { digits }: Customs): string {
  const narrow = [...typed].map((sign) => {
    const code = sign.charCodeAt(0);
    if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - 0xfee0);
    const digit = digits.indexOf(sign);
    return digit >= 0 ? String(digit) : sign;
  });
  // Marks of writing direction come with numbers copied from some locales.
  return narrow.join('').replace(/[\u200e\u200f\u061c]/g, '').replace(/[−‒–]/g, '-').replace(/\s/gu, ' ').trim();
}

/** With a point, and without what parts thousands; null where that cannot be told for sure. */
function withoutGroups(text: string, { decimal, group }: Customs): string | null {
  const [, sign = '', body = '', power = ''] = /^([+-]? ?)(.*?)(e[+-]?\d+)?$/i.exec(text) ?? [];
  const [whole = '', fraction, ...more] = body.split(decimal);
  if (more.length > 0) return null;
  const signs = new Set([...whole].filter((one) => !/\d/.test(one)));
  if (signs.size > 1) return null;
  const [used] = signs;
  if (used !== undefined) {
    const groups = whole.split(used);
    const isGrouped = /^\d{1,3}$/.test(groups[0] ?? '') && groups.slice(1).every((one) => /^\d{3}$/.test(one));
    // A space or an apostrophe parts thousands everywhere; of point and comma only the locale's own, and beyond doubt.
    const isSure = used !== group || (!/[.,٫]/.test(used)) || fraction !== undefined || groups.length > 2;
    if (!isGrouped || !isSure || !(used === group || /[ '’_]/.test(used))) return null;
  }
  if (fraction !== undefined && /[^\d]/.test(fraction)) return null;
  const digits = whole.replace(/\D/g, '');
  return sign.trim() + digits + (fraction === undefined ? '' : `.${fraction}`) + power;
}

/** A number as it may be typed: with every digit, and nothing that parts thousands. */
export function editText(value: number | bigint | string, tag: string, digits?: number): string {
  if (/e/.test(String(value))) return String(value).replace('.', customsOf(tag).decimal);
  const most = digits === undefined ? 20 : Math.min(Math.max(digits, 0), 20);
  const format = new Intl.NumberFormat(tag, { useGrouping: false, minimumFractionDigits: digits === undefined ? 0 : most, maximumFractionDigits: most });
  return format.format(String(value) as `${number}`);
}
