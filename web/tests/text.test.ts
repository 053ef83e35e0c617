import { expect, test } from 'vitest';
import { en } from '../src/text/en.js';
import { zh } from '../src/text/zh.js';

/** Every entry by its path. */
function entries(of: object, path = ''): [string, unknown][] {
  return Object.entries(of).flatMap(([key, value]): [string, unknown][] =>
    typeof value === 'object' && value !== null ? entries(value, `${path}${key}.`) : [[path + key, value]]);
}

test('each language says all that English says, and nothing else', () => {
  expect(entries(zh).map(([path]) => path).sort()).toEqual(entries(en).map(([path]) => path).sort());
});

test('nothing is left in English', () => {
  const same = entries(zh).filter(([path, value]) => {
    const original = Object.fromEntries(entries(en))[path];
    return typeof value === 'string' && value === original && /[a-z]{3}/.test(value);
  });
  expect(same.map(([path]) => path)).toEqual(['brand']);
});

test('no entry is empty', () => {
  for (const language of [en, zh]) {
    for (const [path, value] of entries(language)) expect(value, path).not.toBe('');
  }
});
