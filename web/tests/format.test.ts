import { createMemo, createRoot } from 'solid-js';
import { beforeEach, expect, test } from 'vitest';
import { ageText, durationText, momentText, numberText, reasonText, share, spanText, turnDay, valueText } from '../src/text/format.js';
import { customs, preferred, speak } from '../src/text/language.js';

beforeEach(() => speak('en', false));

test('what is not there is a dash, never a zero', () => {
  expect(valueText(null).text).toBe('—');
  expect(valueText(undefined).text).toBe('—');
  expect(valueText(0).text).toBe('0');
});

test('a float shows its precision, and no digit that was not given', () => {
  expect(valueText(21.456, { type: 'f32', precision: 1 }).text).toBe('21.5');
  expect(valueText(21, { type: 'f32', precision: 2 }).text).toBe('21.00');
  expect(valueText(0.1, { type: 'f32' }).text).toBe('0.1');
  expect(valueText(-0.001, { type: 'f32', precision: 2 }).text).toBe('0.00');
  expect(valueText(0.30000000000000004, { type: 'f64' })).toEqual({ text: '0.3', raw: '0.30000000000000004' });
  expect(valueText(3.4e38, { type: 'f32', precision: 1 }).text).toBe('3.4e+38');
  expect(valueText(1e-9, { type: 'f32' }).text).toBe('1e-9');
});

test('precision is of floats alone', () => {
  expect(valueText(5, { type: 'u16', precision: 2 }).text).toBe('5');
});

test('a wide integer keeps every digit', () => {
  expect(valueText('18446744073709551615', { type: 'u64' }).text.replaceAll(',', '')).toBe('18446744073709551615');
  expect(valueText(9007199254740993n, { type: 'i64' }).text.replaceAll(',', '')).toBe('9007199254740993');
  expect(valueText('18446744073709551615', { type: 'string' }).text).toBe('18446744073709551615');
});

test('names stand for numbers, but not for text', () => {
  const labels = { 0: 'off', 1: 'on' };
  expect(valueText(1, { type: 'u16', labels })).toEqual({ text: 'on', raw: '1' });
  expect(valueText(true, { type: 'bool', labels })).toEqual({ text: 'on', raw: '1' });
  expect(valueText(2, { type: 'u16', labels })).toEqual({ text: '2', raw: null });
  expect(valueText('1', { type: 'string', labels }).text).toBe('1');
  expect(valueText('constructor', { type: 'u16', labels }).text).toBe('constructor');
});

test('where in its range', () => {
  expect(share(5, { type: 'f32', range: [0, 10] })).toBe(0.5);
  expect(share(50, { type: 'f32', range: [0, 10] })).toBe(1);
  expect(share(5, { type: 'f32', range: [10, 10] })).toBeNull();
  expect(share(1, { type: 'u16', range: [0, 3], labels: { 1: 'on' } })).toBeNull();
  expect(share(null, { type: 'f32', range: [0, 10] })).toBeNull();
});

test('spans and ages', () => {
  expect(spanText(59_999)).toBe('59 s');
  expect(spanText(60_000)).toBe('1 min');
  expect(spanText(61_000)).toBe('1 min 1 s');
  expect(spanText(3_660_000, 1)).toBe('1 h');
  expect(spanText(90_000_000)).toBe('1 d 1 h');
  expect(ageText(999)).toBe('now');
  expect(ageText(-1_500)).toBe('now');
  expect(ageText(-3_000)).toBe('3 s ahead');
  expect(ageText(125_000)).toBe('2 min ago');
  expect(ageText(null)).toBe('—');
  expect(durationText(250)).toBe('250 ms');
  expect(durationText(1_500)).toMatch(/^1.?500 ms$/);
  expect(durationText(2_000)).toBe('2 s');
});

test('a moment of another day says its date', () => {
  const noon = new Date(2026, 4, 17, 12, 0, 0).getTime();
  expect(momentText(noon, noon)).not.toMatch(/2026/);
  expect(momentText(noon, noon + 86_400_000)).toMatch(/2026/);
  expect(momentText(null)).toBe('—');
});

test('a moment gets its date when its day has passed', () => {
  const evening = new Date(2026, 4, 17, 23, 59, 0).getTime();
  turnDay(evening);
  createRoot((end) => {
    const shown = createMemo(() => momentText(evening));
    expect(shown()).not.toMatch(/2026/);
    turnDay(evening + 120_000);
    expect(shown()).toMatch(/2026/);
    end();
  });
});

test('an unknown reason stands as it was written', () => {
  expect(reasonText('stale')).toBe('not read lately');
  expect(reasonText('on_fire')).toBe('on fire');
  expect(reasonText('constructor')).toBe('constructor');
  expect(reasonText(undefined)).toBe('');
});

test('another language speaks otherwise', async () => {
  await speak('zh', false);
  expect(valueText(true)).toEqual({ text: '是', raw: 'true' });
  expect(ageText(125_000)).toBe('2 分钟前');
  expect(reasonText('stale')).toBe('近期未读取');
});

test('the reader’s first language that there is', () => {
  expect(preferred(['de-DE', 'zh-TW', 'en'], null)).toBe('zh');
  expect(preferred(['de-DE'], null)).toBe('en');
  expect(preferred(['zh'], 'en')).toBe('en');
  expect(preferred(['zh'], 'constructor')).toBe('zh');
});

test('numbers follow the reader’s customs', () => {
  expect(customs('en', ['de-DE', 'fr'])).toBe('de-DE');
  expect(customs('en', ['de-DE', 'en-GB'])).toBe('en-GB');
  expect(customs('zh', ['de-DE', 'en-GB'])).toBe('zh');
  expect(customs('zh', ['zh-TW'])).toBe('zh-TW');
});

test('a number has as many digits as were asked for', () => {
  expect(numberText(1234)).toBe('1234');
  expect(numberText(12345.5, 2)).toBe('12,345.50');
  expect(numberText(2, 0)).toBe('2');
});
