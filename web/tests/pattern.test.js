import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matcher, matches, parsePatterns, patternFault } from '../pattern.js';

const fits = (pattern, id, expected) => assert.equal(matches(pattern, id), expected, `${pattern} over ${id}`);

test('a star is exactly one segment', () => {
  fits('boiler/*', 'boiler/pressure', true);
  fits('boiler/*', 'boiler', false);
  fits('boiler/*', 'boiler/supply/temperature', false);
  fits('*/supply/*', 'boiler/supply/temperature', true);
});

test('two stars at the end are one or more segments', () => {
  fits('boiler/**', 'boiler', false);
  fits('boiler/**', 'boiler/pressure', true);
  fits('boiler/**', 'boiler/supply/temperature', true);
  fits('boiler/**', 'boiler2/pressure', false);
  fits('**', 'a', true);
  fits('**', 'a/b/c', true);
});

test("the gateway's own points match only patterns that begin with their mark", () => {
  fits('**', '$devices/boiler/state', false);
  fits('*/boiler/state', '$devices/boiler/state', false);
  fits('$devices/**', '$devices/boiler/state', true);
  fits('$devices/*/state', '$devices/boiler/state', true);
  fits('$devices/**', 'devices/boiler/state', false);
});

test('a literal matches itself alone', () => {
  fits('a/b', 'a/b', true);
  fits('a/b', 'a/b/c', false);
  fits('a/b', 'a', false);
});

test('what is no pattern is refused with the reason', () => {
  for (const right of ['a', '$devices/**', '温度/一号 线', '*', '**', 'a'.repeat(256)]) assert.equal(patternFault(right), null, right);
  for (const [wrong, reason] of [
    ['', /empty/], ['a//b', /empty/], ['/a', /empty/], ['a/', /empty/], ['$', /empty/], ['a/../b', /no segment/],
    ['a/ b', /space/], ['**/a', /last/], ['boi*', /whole segment/], ['$**', /whole segment/], ['a/$b', /\$/], ['a"b', /"/], ['a\\b', /stand/],
    ['a\u0001b', /stand/], ['e\u0301', /normal form/], ['a/'.repeat(16) + 'a', /16/], ['ä'.repeat(129), /256 bytes/],
  ]) assert.match(patternFault(wrong) ?? 'taken', reason, JSON.stringify(wrong));
});

test('a typed list is trimmed, composed and freed of repeats', () => {
  assert.deepEqual(parsePatterns(' boiler/** , pumps/*/speed,, boiler/**'), { patterns: ['boiler/**', 'pumps/*/speed'], fault: null });
  assert.deepEqual(parsePatterns('cafe\u0301').patterns, ['café']);
  assert.deepEqual(parsePatterns('a, b*').patterns, []);
  assert.match(parsePatterns('a, b*').fault, /“b\*”/);
});

test('several patterns are one test', () => {
  const test = matcher(['a/b', 'c/**']);
  assert.deepEqual(['a/b', 'a/c', 'c/d/e', 'c'].map(test), [true, false, true, false]);
});
