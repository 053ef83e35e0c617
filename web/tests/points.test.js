import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Points, compareIds, deviceOf, devices, groupOf, inView, layout, listing } from '../points.js';

const good = (id, value = 1) => ({ id, value, quality: 'good', time: 10 });
const bad = (id) => ({ id, value: null, quality: 'bad', reason: 'waiting', since: 5, time: null });
const everything = { selected: () => true, words: [], device: null, troubled: false, closed: new Set() };

function holding(...samples) {
  const points = new Points();
  points.apply(samples, 1);
  return points;
}

const shown = (points, filter) =>
  listing(points, { ...everything, ...filter }).rows.map((row) => row.id ?? `[${row.group} ${row.count} ${row.worst}]`);

test('points are listed by group, digits as numbers, the own ones last', () => {
  const points = holding(good('$gateway/up'), good('pumps/pump10/speed'), good('pumps/pump2/speed'), good('alone'), good('boiler/p'));
  assert.deepEqual(shown(points, {}), [
    '[ 1 good]', 'alone', '[boiler 1 good]', 'boiler/p',
    '[pumps 2 good]', 'pumps/pump2/speed', 'pumps/pump10/speed', '[$gateway 1 good]', '$gateway/up',
  ]);
  assert.ok(compareIds('A/x', 'a/x') !== 0);
  assert.equal(groupOf('$devices/boiler/state'), '$devices/boiler');
});

test('every filter narrows, and counts disregard only the one for trouble', () => {
  const points = holding(good('boiler/p'), bad('boiler/t'), good('pumps/s'));
  points.describe([{ id: 'boiler/p', unit: 'bar', description: 'Feed', device: 'boiler' }, { id: 'boiler/t', device: 'boiler' }]);
  assert.deepEqual(shown(points, { words: ['feed', 'bar'] }), ['[boiler 1 good]', 'boiler/p']);
  assert.deepEqual(shown(points, { device: 'boiler' }), ['[boiler 2 bad]', 'boiler/p', 'boiler/t']);
  assert.deepEqual(shown(points, { selected: (id) => id.startsWith('pumps') }), ['[pumps 1 good]', 'pumps/s']);
  assert.deepEqual(shown(points, { troubled: true }), ['[boiler 1 bad]', 'boiler/t']);
  assert.deepEqual(shown(points, { closed: new Set(['boiler']) }), ['[boiler 2 bad]', '[pumps 1 good]', 'pumps/s']);
  assert.deepEqual(listing(points, { ...everything, troubled: true }).counts, { good: 2, uncertain: 0, bad: 1 });
});

test('a sample knows its connection, and the newest wins', () => {
  const points = holding(good('a/b', 1));
  points.apply([good('a/b', 2)], 2);
  assert.equal(points.sample('a/b').value, 2);
  assert.equal(points.sample('a/b').connection, 2);
  assert.equal(points.size, 1);
});

test('metadata never changes a value', () => {
  const points = holding(good('a/b', 1));
  points.describe([{ id: 'a/b', value: 99, quality: 'bad', time: 0, checked: 3, unit: 'V' }]);
  assert.equal(points.sample('a/b').value, 1);
  assert.deepEqual(points.meta('a/b'), { unit: 'V' });
});

test('points leave one by one, by selection and all together', () => {
  const points = holding(good('a/b'), good('a/c'), good('d/e'), good('f/g'));
  points.forget(['a/b', 'unheard/of']);
  assert.deepEqual(points.ids(), ['a/c', 'd/e', 'f/g']);
  points.keep((id) => id !== 'd/e');
  assert.deepEqual(points.ids(), ['a/c', 'f/g']);
  points.describe([{ id: 'a/c', unit: 'V' }]);
  points.drop();
  assert.deepEqual(points.ids(), []);
  assert.equal(points.meta('a/c'), undefined, 'after a reset the id may mean something else');
});

test('a deleted point is gone from lists, counts and lamps at once, and its unit with it', () => {
  const points = holding(good('a/b'), bad('a/c'), good('$devices/a/state', 'online'), good('$devices/a/last_error', ''));
  points.describe([{ id: 'a/c', unit: 'V', device: 'a' }]);
  const { shape } = points;
  points.forget(['a/c', '$devices/a/state', '$devices/a/last_error']);
  assert.notEqual(points.shape, shape);
  assert.deepEqual(shown(points, {}), ['[a 1 good]', 'a/b']);
  assert.deepEqual(listing(points, everything).counts, { good: 1, uncertain: 0, bad: 0 });
  assert.deepEqual(devices(points), []);
  assert.equal(points.sample('a/c'), undefined);
  points.apply([good('a/c', 9)], 1);
  assert.equal(points.meta('a/c'), undefined, 'should the id come again, it is another point');
  assert.equal(points.mentions('a/c', ['v']), false);
});

test('a point that only left the selection keeps its unit, which is not fetched again', () => {
  const points = holding(good('a/b'));
  points.describe([{ id: 'a/b', unit: 'V' }]);
  points.keep(() => false);
  assert.deepEqual(points.meta('a/b'), { unit: 'V' });
});

test('the shape changes with ids and qualities, not with values', () => {
  const points = holding(good('a/b', 1));
  const { shape } = points;
  points.apply([good('a/b', 2)], 1);
  assert.equal(points.shape, shape);
  points.apply([bad('a/b')], 1);
  assert.notEqual(points.shape, shape);
});

test('devices come from their own points', () => {
  const points = holding(good('$devices/pumps/state', 'online'), good('$devices/pumps/last_error', 'x'), good('$devices/boiler/scan_ms', 1));
  assert.deepEqual(devices(points).map(({ name, state, error }) => [name, state.value, error.value]), [['pumps', 'online', 'x']]);
  assert.equal(deviceOf(points, '$devices/pumps/state'), 'pumps');
  assert.equal(deviceOf(points, 'pumps/speed'), null);
});

test('only rows that touch the window are in view', () => {
  const rows = [{ group: 'a' }, ...Array.from({ length: 10_000 }, (_, at) => ({ id: `a/${at}` }))];
  const { tops, height } = layout(rows, 30, 40);
  assert.equal(height, 40 + 300_000);
  const seen = (from, to) => {
    const [first, end] = inView(tops, from, to);
    return [first, end];
  };
  assert.deepEqual(seen(-100, 40), [0, 2]);
  assert.deepEqual(seen(41, 99), [1, 3]);
  assert.deepEqual(seen(300_039, 400_000), [10_000, 10_001]);
  assert.deepEqual(seen(400_000, 500_000), [10_001, 10_001]);
  assert.deepEqual(inView(layout([], 30, 40).tops, 0, 900), [0, 0]);
});
