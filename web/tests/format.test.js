import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageText, momentText, reasonText, share, spanText, valueText } from '../format.js';

const shows = (value, meta, expected) => assert.equal(valueText(value, meta).text, expected, JSON.stringify([value, meta]));

test('nothing is a dash, never a zero', () => {
  shows(null, { type: 'f32', precision: 1 }, '—');
  shows(null, { type: 'u16', labels: { 0: 'off' } }, '—');
  shows(null, undefined, '—');
  assert.equal(share(null, { range: [0, 10] }), null);
});

test('precision rounds for display and keeps trailing zeros', () => {
  shows(21.3, { type: 'f32', precision: 2 }, '21.30');
  shows(21.345, { type: 'f32' }, '21.345');
  shows(-0.001, { type: 'f32', precision: 1 }, '0.0');
  shows(-0.06, { type: 'f32', precision: 1 }, '-0.1');
  shows(7, { type: 'u16', precision: 1 }, '7');
  shows(7, undefined, '7');
  shows(0.1 + 0.2, { type: 'f64' }, '0.3');
  assert.equal(valueText(0.1 + 0.2, { type: 'f64' }).raw, '0.30000000000000004');
  assert.deepEqual(valueText(85344072.125, { type: 'f64' }), { text: '85344072.125', raw: null });
  shows(0.1 + 0.2, { type: 'f32' }, '0.30000000000000004');
});

test('digits beyond two to the fifty-third stand as they came', () => {
  shows('18446744073709551615', { type: 'u64' }, '18446744073709551615');
  shows('-9223372036854775808', { type: 'i64', precision: 2 }, '-9223372036854775808');
});

test('labels name enumerated values and keep the number behind them', () => {
  const labels = { 0: 'off', 1: 'on', '-1': 'fault' };
  assert.deepEqual(valueText(1, { type: 'u16', labels }), { text: 'on', raw: '1' });
  assert.deepEqual(valueText(-1, { type: 'i16', labels }), { text: 'fault', raw: '-1' });
  assert.deepEqual(valueText(false, { type: 'bool', labels }), { text: 'off', raw: '0' });
  assert.deepEqual(valueText(2, { type: 'u16', labels }), { text: '2', raw: null });
  assert.deepEqual(valueText('1', { type: 'string', labels }), { text: '1', raw: null });
  shows('toString', { type: 'string', labels }, 'toString');
});

test('booleans are words and text is itself', () => {
  shows(true, { type: 'bool' }, 'on');
  shows(false, { type: 'bool' }, 'off');
  shows('', { type: 'string' }, '');
});

test('the share of the range is bounded', () => {
  assert.equal(share(5, { range: [0, 10] }), 0.5);
  assert.equal(share(50, { range: [0, 10] }), 1);
  assert.equal(share(-50, { range: [0, 10] }), 0);
  assert.equal(share(5, { range: [5, 5] }), null);
  assert.equal(share(5, {}), null);
  assert.equal(share('5', { range: [0, 10] }), null);
});

test('ages round down and take at most two units', () => {
  for (const [ms, expected] of [
    [0, 'now'], [999, 'now'], [-1_900, 'now'], [-5_000, '5 s ahead'], [1_000, '1 s'], [59_999, '59 s'], [60_000, '1 min'],
    [83_000, '1 min 23 s'], [3_600_000, '1 h'], [7_500_000, '2 h 5 min'], [86_400_000, '1 d'], [180_000_000, '2 d 2 h'],
    [null, '—'], [NaN, '—'],
  ]) assert.equal(ageText(ms), expected, String(ms));
  assert.equal(spanText(0), '0 s');
});

test('a moment of another day shows its date', () => {
  const today = new Date(2026, 10, 20, 12, 0, 0);
  assert.equal(momentText(new Date(2026, 10, 20, 4, 5, 6), today), '04:05:06');
  assert.equal(momentText(new Date(2026, 10, 19, 4, 5, 6), today), '2026-11-19 04:05:06');
});

test('reasons read as words, unknown ones too', () => {
  assert.equal(reasonText('no_communication'), 'no connection');
  assert.equal(reasonText('some_new_reason'), 'some new reason');
  assert.equal(reasonText('constructor'), 'constructor');
  assert.equal(reasonText(undefined), '');
});
