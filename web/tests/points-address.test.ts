import { expect, test } from 'vitest';
import { type Asked, parsePatterns, readAddress, writeAddress } from '../src/points/address.js';
import { ALL_CLOSED, ALL_OPEN } from '../src/points/folds.js';

const PLAIN: Asked = { patterns: ['**'], words: '', troubled: false, device: null, folds: ALL_OPEN, open: null };
/** What is read of the address that was written, as an address carries it. */
const again = (asked: Asked) => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(writeAddress(asked))) if (value) query.set(name, value);
  return readAddress(Object.fromEntries(new URLSearchParams(query.toString())));
};

test('a plain page has a plain address', () => {
  expect(readAddress({})).toEqual(PLAIN);
  expect(Object.values(writeAddress(PLAIN)).every((value) => value === null)).toBe(true);
});

test('a link shows the same', () => {
  const asked: Asked = {
    patterns: ['boiler/**', '*/temperature', '$devices/**'], words: '°C night', troubled: true, device: 'boiler 1',
    folds: { closed: false, except: new Set(['boiler/supply', 'meter']) }, open: 'boiler/supply/temperature',
  };
  expect(again(asked)).toEqual(asked);
  expect(again({ ...PLAIN, folds: ALL_CLOSED })).toEqual({ ...PLAIN, folds: ALL_CLOSED });
  const opened: Asked = { ...PLAIN, folds: { closed: true, except: new Set(['meter']) } };
  expect(again(opened)).toEqual(opened);
});

test('an address stays short: too many folds are left out, not cut', () => {
  const many = new Set(Array.from({ length: 500 }, (_, at) => `branch${at}`));
  expect(again({ ...PLAIN, folds: { closed: false, except: many } }).folds).toEqual(ALL_OPEN);
  expect(again({ ...PLAIN, folds: { closed: true, except: many } }).folds).toEqual(ALL_CLOSED);
});

test('what cannot be read is as if it were not there', () => {
  expect(readAddress({ points: 'a//b' }).patterns).toEqual(['**']);
  expect(readAddress({ points: ' , ' }).patterns).toEqual(['**']);
  expect(readAddress({ points: ['a/**', 'b/**'], device: '' })).toEqual({ ...PLAIN, patterns: ['a/**'] });
});

test('patterns are parted by commas, and the first that is none is named', () => {
  expect(parsePatterns(' a/** ,b/*, a/**,')).toEqual({ patterns: ['a/**', 'b/*'], fault: null });
  const { patterns, fault } = parsePatterns('a/**, b/**/c, d//e');
  expect(patterns).toEqual([]);
  expect(fault?.pattern).toBe('b/**/c');
});
