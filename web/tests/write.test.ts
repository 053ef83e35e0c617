import { expect, test } from 'vitest';
import type { PointInfo, Problem } from 'pointcast';
import { fateOf } from '../src/write/fate.js';
import { type ReadNumber, editText, readNumber } from '../src/write/number.js';
import { firstText, kindOf, rangeOf, readValue, stepped } from '../src/write/value.js';
import { exactText, faultText, titleText } from '../src/write/words.js';

const value = (typed: string, tag: string, type: PointInfo['type'] = 'f64') => {
  const read: ReadNumber = readNumber(typed, type, tag);
  return 'value' in read ? read.value : read.fault.why;
};

test('decimals by the reader’s customs', () => {
  expect(value('61.5', 'en')).toBe(61.5);
  expect(value('61,5', 'de')).toBe(61.5);
  expect(value('61,5', 'fr')).toBe(61.5);
  expect(value('61.5', 'de-CH')).toBe(61.5);
  expect(value(' −0.25 ', 'en')).toBe(-0.25);
  expect(value('+.5', 'en')).toBe(0.5);
  expect(value('1e-3', 'en')).toBe(0.001);
  expect(value('１２．５', 'zh')).toBe(12.5);
  expect(value('٦١٫٥', 'ar-EG')).toBe(61.5);
});

test('what can be read in two ways is refused, never guessed', () => {
  for (const tag of ['en', 'zh']) {
    expect(value('1,234', tag)).toBe('separator');
    expect(value('61,5', tag)).toBe('separator');
    expect(value('1.234,5', tag)).toBe('separator');
  }
  expect(value('1.234', 'de')).toBe('separator');
  expect(value('61.5', 'de')).toBe('separator');
  expect(value('61.5', 'fr')).toBe('separator');
  expect(value('1,234', 'en', 'i32')).toBe('separator');
  expect(value('1.2.3', 'en')).toBe('separator');
});

test('thousands beyond doubt are understood', () => {
  expect(value('1,234.5', 'en')).toBe(1234.5);
  expect(value('1,234,567', 'en', 'i32')).toBe(1_234_567);
  expect(value('1.234,5', 'de')).toBe(1234.5);
  expect(value('1 234,5', 'fr')).toBe(1234.5);
  expect(value('1\u202f234', 'fr', 'u16')).toBe(1234);
  expect(value('1’234.5', 'de-CH')).toBe(1234.5);
  expect(value('12 34', 'en')).toBe('number');
  expect(value('12,34.5', 'en')).toBe('separator');
});

test('what is no number', () => {
  for (const typed of ['x', '1x', '10²', '½', 'Infinity', 'NaN', '0x10', '--1', '1e', '.', '5 %']) {
    expect('fault' in readNumber(typed, 'f64', 'en'), typed).toBe(true);
  }
  expect(value('  ', 'en')).toBe('empty');
});

test('integers keep every digit, and what the type cannot hold is refused', () => {
  expect(value('18446744073709551615', 'en', 'u64')).toBe(18446744073709551615n);
  expect(value('-9223372036854775808', 'de', 'i64')).toBe(-9223372036854775808n);
  expect(value('9007199254740991', 'en', 'u64')).toBe(9007199254740991);
  expect(value('9007199254740993', 'en', 'u64')).toBe(9007199254740993n);
  expect(value('5.0', 'en', 'u16')).toBe(5);
  expect(value('5.5', 'en', 'u16')).toBe('whole');
  expect(value('1e3', 'en', 'u16')).toBe('whole');
  expect(value('65536', 'en', 'u16')).toBe('range');
  expect(value('-1', 'en', 'u64')).toBe('range');
  expect(value('18446744073709551616', 'en', 'u64')).toBe('range');
});

test('a float loses no digit on the way', () => {
  expect(value('9007199254740993', 'en')).toBe('digits');
  expect(value('0.1234567890123456789', 'en')).toBe('digits');
  expect(value('1e-400', 'en')).toBe('digits');
  expect(value('9007199254740992', 'en')).toBe(9007199254740992);
  expect(value('1050', 'en')).toBe(1050);
  expect(value('0.000', 'en')).toBe(0);
  expect(value('1e999', 'en')).toBe('range');
  expect(value('1e39', 'en', 'f32')).toBe('range');
  expect(Object.is(value('-0', 'en'), 0)).toBe(true);
});

test('what is shown to be edited is read back the same', () => {
  for (const tag of ['en', 'de', 'fr', 'de-CH', 'zh', 'ar-EG', 'en-IN']) {
    for (const number of [0, 61.5, -1234.5, 1234567, 0.001, 1e-9, 1e21, 123456.789]) {
      expect(value(editText(number, tag), tag), `${tag} ${number}`).toBe(number);
    }
    expect(value(editText('18446744073709551615', tag), tag, 'u64')).toBe(18446744073709551615n);
  }
});

const info = (of: Partial<PointInfo>): PointInfo => ({ id: 'a', value: null, quality: 'good', time: null, type: 'f64', writable: true, ...of });

test('the range of a point, also beyond what a double holds', () => {
  const boiler = info({ range: [20, 95], unit: '°C', precision: 1 });
  expect(readValue('20', boiler, 'en')).toEqual({ value: 20 });
  expect(readValue('95.1', boiler, 'en')).toEqual({ fault: { why: 'range', low: 20, high: 95 } });
  expect(faultText({ why: 'range', low: 20, high: 95 }, boiler)).toBe('Give 20 to 95 °C.');
  const wide = info({ type: 'u64', range: ['9007199254740993', '9007199254740995'] });
  expect(rangeOf(wide)).toEqual([9007199254740993n, 9007199254740995n]);
  expect('fault' in readValue('9007199254740992', wide, 'en')).toBe(true);
  expect(readValue('9007199254740994', wide, 'en')).toEqual({ value: 9007199254740994n });
});

test('each type has its way to choose', () => {
  expect(kindOf(info({ type: 'bool', labels: { 0: 'off' } }))).toBe('switch');
  expect(kindOf(info({ type: 'u16', labels: { 0: 'off' } }))).toBe('choice');
  expect(kindOf(info({ type: 'u16' }))).toBe('number');
  expect(kindOf(info({ type: 'string' }))).toBe('text');
  expect(readValue('true', info({ type: 'bool' }), 'en')).toEqual({ value: true });
  expect(readValue('', info({ type: 'bool' }), 'en')).toEqual({ fault: { why: 'empty' } });
  expect(readValue('', info({ type: 'string' }), 'en')).toEqual({ value: '' });
  expect(readValue('语'.repeat(1_366), info({ type: 'string' }), 'en')).toEqual({ fault: { why: 'long' } });
});

test('steps are of the last digit shown and stay in the range', () => {
  const boiler = info({ range: [20, 95], precision: 1 });
  expect(stepped('61.5', 1, boiler, 'en')).toBe('61.6');
  expect(stepped('61,5', -1, boiler, 'de')).toBe('61,4');
  expect(stepped('95', 1, boiler, 'en')).toBe('95.0');
  expect(stepped('', 1, boiler, 'en')).toBe('20.0');
  expect(stepped('18446744073709551614', 1, info({ type: 'u64' }), 'en')).toBe('18446744073709551615');
  expect(stepped('0.1', 1, info({ precision: 2 }), 'en')).toBe('0.11');
});

test('a step loses no digit where nothing says how many there are', () => {
  expect(stepped('61.55', 1, info({}), 'en')).toBe('62.55');
  expect(stepped('0.1', -1, info({}), 'en')).toBe('-0.9');
  expect(stepped('7', 1, info({}), 'en')).toBe('8');
  expect(stepped('1e-7', 1, info({}), 'en')).toBe('1.0000001');
});

test('the field begins with the value now', () => {
  expect(firstText(68, info({ precision: 1 }), 'de')).toBe('68,0');
  expect(firstText(null, info({}), 'en')).toBe('');
  expect(firstText('9007199254740993', info({ type: 'i64' }), 'en')).toBe('9007199254740993');
  expect(firstText(false, info({ type: 'bool' }), 'en')).toBe('false');
});

test('what is confirmed shows every digit that is sent', () => {
  expect(exactText(61.55, info({ precision: 1, unit: '°C' }))).toBe('61.55 °C');
  expect(exactText(0.1234567890123, info({ unit: 'V' }))).toBe('0.123456789012 (0.1234567890123) V');
  expect(exactText(2, info({ type: 'u16', labels: { 2: 'night' } }))).toBe('night (2)');
  expect(exactText(18446744073709551615n, info({ type: 'u64' }))).toBe('18,446,744,073,709,551,615');
  expect(exactText('', info({ type: 'string' }))).toBe('(empty text)');
});

test('whether the device may have it all the same', () => {
  const problem = (of: Partial<Problem>): Problem => ({ title: 'T', status: 500, detail: '', ...of });
  const kind = (name: string) => `urn:pointcast:problem:${name}`;
  expect(fateOf(problem({ status: 504, sent: true, type: kind('write-unconfirmed') }))).toBe('perhaps');
  expect(fateOf(problem({ status: 504, sent: false, type: kind('write-not-sent') }))).toBe('never');
  expect(fateOf(problem({ status: 502, type: kind('device-refused') }))).toBe('refused');
  expect(fateOf(problem({ status: 503, type: kind('limit') }))).toBe('never');
  expect(fateOf(problem({ status: 422, type: kind('out-of-range') }))).toBe('never');
  expect(fateOf(problem({ status: 0 }))).toBe('perhaps');
  expect(fateOf(problem({ status: 502 }))).toBe('perhaps');
  expect(titleText(problem({ status: 0 }))).toBe('No answer from the gateway');
  expect(titleText(problem({ type: kind('of-a-later-version') }))).toBe('T');
});
