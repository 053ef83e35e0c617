import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agoText, causeText, momentText, reasonText, roughSpanText, share, spanText, valueText } from '../format.js';

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
  shows(7.43634e20, { type: 'f32', precision: 3 }, '743634000000000000000');
  shows(-1e300, { type: 'f64', precision: 3 }, '-1e+300');
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
  assert.deepEqual(valueText(true, { type: 'bool' }), { text: 'yes', raw: 'true' });
  assert.deepEqual(valueText(false, { type: 'bool' }), { text: 'no', raw: 'false' });
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
    [0, 'now'], [999, 'now'], [-1_900, 'now'], [-5_000, '5 s ahead'], [1_000, '1 s ago'], [59_999, '59 s ago'],
    [60_000, '1 min ago'], [83_000, '1 min 23 s ago'], [3_600_000, '1 h ago'], [7_500_000, '2 h 5 min ago'],
    [86_400_000, '1 d ago'], [180_000_000, '2 d 2 h ago'], [null, '—'], [NaN, '—'],
  ]) assert.equal(agoText(ms), expected, String(ms));
  assert.equal(agoText(7_500_000, roughSpanText), '2 h ago');
  assert.equal(agoText(59_000, roughSpanText), '59 s ago');
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

test('of an error the cause stands apart, and the own name goes', () => {
  assert.deepEqual(causeText('failed to open /dev/serial/by-id/usb-1: No such file or directory', 'tank'), {
    whole: 'failed to open /dev/serial/by-id/usb-1: No such file or directory',
    what: 'failed to open /dev/serial/by-id/usb-1', cause: 'No such file or directory',
  });
  assert.equal(causeText('device "tank", point "level": too long', 'tank').whole, 'point "level": too long');
  assert.equal(causeText('device "tank2", point "level": too long', 'tank').whole, 'device "tank2", point "level": too long');
  assert.deepEqual(causeText('silence', 'tank'), { whole: 'silence', what: '', cause: 'silence' });
  const long = causeText(`${'x'.repeat(200)} end`, 'tank').cause;
  assert.ok(long.startsWith('…x') && long.endsWith('x end') && long.length === 90, long);
  assert.deepEqual(causeText('', 'tank'), { whole: '', what: '', cause: '' });
});
