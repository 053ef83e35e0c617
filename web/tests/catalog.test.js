import assert from 'node:assert/strict';
import { test } from 'node:test';
import { walk } from '../catalog.js';

test('every page is fetched, each with the cursor of the one before', async () => {
  const asked = [];
  const pages = [{ points: [1], cursor: 'p 2' }, { points: [2, null], cursor: 'p3' }, { points: [3], cursor: null }];
  const taken = [];
  const get = async (url) => {
    const query = new URL(url, 'http://x').searchParams;
    assert.equal(query.get('match'), 'boiler/**,c');
    asked.push(query.get('cursor'));
    return pages[asked.length - 1];
  };
  await walk(['boiler/**', 'c'], get, (page) => taken.push(...page));
  assert.deepEqual(asked, [null, 'p 2', 'p3']);
  assert.deepEqual(taken, [1, 2, 3]);
});

test('a cursor that never ends is bounded', async () => {
  await assert.rejects(walk(['**'], async () => ({ points: [], cursor: 'again' }), () => {}), /pages/);
});

test('a page that does not come fails the walk after what came', async () => {
  const taken = [];
  const get = async (url) => {
    if (url.includes('cursor')) throw new Error('no answer');
    return { points: [1], cursor: 'x' };
  };
  await assert.rejects(walk(['**'], get, (page) => taken.push(...page)), /no answer/);
  assert.deepEqual(taken, [1]);
});
