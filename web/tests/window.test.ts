import { expect, test } from 'vitest';
import { visible } from '../src/points/window.js';

test('rows in sight and a few around them', () => {
  expect(visible(3_600, 720, 36, 10_000)).toEqual({ first: 92, end: 128 });
});

test('nothing outside the list', () => {
  expect(visible(-500, 720, 36, 3)).toEqual({ first: 0, end: 3 });
  expect(visible(0, 720, 36, 0)).toEqual({ first: 0, end: 0 });
  expect(visible(99_999, 720, 36, 5)).toEqual({ first: 5, end: 5 });
});
