import { expect, test } from 'vitest';
import { belowOf } from '../src/points/empty.js';

test('a name that is a branch suggests what is below it, and only where something is', () => {
  const ids = ['boiler/supply/temperature', 'boilers/a', 'meter/power'];
  expect(belowOf(['boiler', 'meter', 'pump', 'boil', '*/power'], ids)).toEqual(['boiler/**', 'meter/**']);
  expect(belowOf(['meter/power'], ids)).toEqual([]);
});
