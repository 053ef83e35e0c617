import assert from 'node:assert/strict';
import { test } from 'node:test';
import { walk } from '../catalog.js';

test('every page is fetched, each with the cursor of the one before', async () => {
  const asked = [];
  const pages = [{ points: [1], next: 'p 2' }, { points: [2], next: 'p3' }, { points: [3], next: null }];
  const taken = [];
  await walk('boiler/**', async (url) => (asked.push(new URL(url, 'http://x').searchParams.get('cursor')), pages[asked.length - 1]), (page) => taken.push(...page));
  assert.deepEqual(asked, [null, 'p 2', 'p3']);
  assert.deepEqual(taken, [1, 2, 3]);
});

test('a cursor that never ends is bounded', async () => {
  await assert.rejects(walk('**', async () => ({ points: [], next: 'again' }), () => {}), /pages/);
});

test('a page that does not come fails the walk after what came', async () => {
  const taken = [];
  const get = async (url) => {
    if (url.includes('cursor')) throw new Error('no answer');
    return { points: [1], next: 'x' };
  };
  await assert.rejects(walk('**', get, (page) => taken.push(...page)), /no answer/);
  assert.deepEqual(taken, [1]);
});
