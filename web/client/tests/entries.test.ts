import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Routes, fault, isOrdered, matcher, merge, wish } from '../src/entries.js';
import type { Entry } from '../src/index.js';

test.each([
  'a', 'a/b', '*', '**', 'a/*', 'a/**', '*/a/**', '$devices/*/state', '$gateway/**', 'größe/a b', 'a.b/(c)', '$', '1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16',
].filter((match) => match !== '$'))('%s is one', (match) => expect(fault(match)).toBeNull());

test.each([
  '', '/', 'a/', '/a', 'a//b', '.', 'a/..', ' a', 'a ', 'a*', '**/a', 'a,b', 'a"b', 'a\\b', 'a/$b', '$$a', 'a\u0001', 'u\u0308', '$', 'x'.repeat(257),
  '1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17',
])('%j is none', (match) => expect(fault(match)).toEqual(expect.any(String)));

test.each<[string, string[], string[]]>([
  ['a/*', ['a/b', 'a/.+'], ['a', 'a/b/c', 'b/a', 'xa/b', 'a/']],
  ['a/**', ['a/b', 'a/b/c'], ['a', 'ab/c']],
  ['*', ['a'], ['a/b', '$a']],
  ['**', ['a', 'a/b'], ['$a', '$a/b']],
  ['*/b', ['a/b'], ['$a/b']],
  ['$devices/*/state', ['$devices/x/state'], ['devices/x/state', '$devices/x/y/state']],
  ['a.b/(c)', ['a.b/(c)'], ['aXb/(c)', 'a.b/c']],
  ['a+/*', ['a+/x'], ['aa/x']],
])('%s', (match, yes, no) => {
  const test = matcher([match]);
  expect(yes.filter((id) => !test(id))).toEqual([]);
  expect(no.filter(test)).toEqual([]);
});

test('the more demanding wish is made, and an id that a pattern serves is left to it', () => {
  const slow = { interval_ms: 5_000 };
  expect(merge([{ match: 'a' }, { match: 'a', ...slow }])).toEqual([{ match: 'a' }]);
  expect(merge([{ match: 'a', ...slow }, { match: 'a', interval_ms: 100 }])).toEqual([{ match: 'a', interval_ms: 100 }]);
  expect(merge([{ match: 'a/b', ...slow }, { match: 'a/**' }])).toEqual([{ match: 'a/**' }]);
  expect(merge([{ match: 'a/b' }, { match: 'a/**', ...slow }])).toEqual([{ match: 'a/b' }, { match: 'a/**', ...slow }]);
  expect(merge([{ match: 'a/*' }, { match: 'a/**', ...slow }])).toEqual([{ match: 'a/**', ...slow }, { match: 'a/*' }]);
  const one = { match: 'a/*', deadband: { absolute: 1 } };
  expect(merge([one, { match: 'a/**', ...slow }])).toEqual([{ match: 'a/*' }, { match: 'a/**' }]);
  expect(merge([one, { match: 'b/**', ...slow }])).toEqual([{ match: 'b/**', ...slow }, one]);
  expect(merge([one, { match: 'a/*', deadband: { percent: 1 } }])).toEqual([{ match: 'a/*' }]);
  const [wide, narrow] = [{ match: 'a', deadband: { absolute: 2 }, flush_ms: 9_000 }, { match: 'a', deadband: { absolute: 1 }, flush_ms: 10_000 }];
  expect(merge([wide, narrow])).toEqual([{ match: 'a', deadband: { absolute: 1 }, flush_ms: 9_000 }]);
});

test('a pattern has to keep its place only beside others that wish something else', () => {
  const slow = { match: 'a/**', interval_ms: 5_000 };
  expect(isOrdered(slow, [slow, { match: 'a/*' }])).toBe(true);
  expect(isOrdered(slow, [slow, { match: 'b/*' }, { match: 'a/b' }, { match: '$a/**' }])).toBe(false);
  expect(isOrdered({ match: 'a/*' }, [{ match: 'a/**' }])).toBe(false);
});

const SEGMENT = fc.constantFrom('a', 'b', '*');
const MATCH = fc.tuple(fc.array(SEGMENT, { minLength: 1, maxLength: 3 }), fc.boolean()).map(([parts, deep]) => [...parts, ...(deep ? ['**'] : [])].join('/'));
const ENTRY: fc.Arbitrary<Entry> = fc.record(
  {
    match: MATCH,
    interval_ms: fc.constantFrom(0, 100, 1_000),
    deadband: fc.constantFrom({ absolute: 1 }, { absolute: 2 }, { percent: 1 }),
    flush_ms: fc.constantFrom(10, 20),
  },
  { requiredKeys: ['match'] },
).map(({ flush_ms, ...entry }) => ({ ...entry, ...(entry.deadband && flush_ms !== undefined && { flush_ms }) }));
const IDS = ['a', 'b', 'a/a', 'a/b', 'b/a', 'b/b', 'a/a/a', 'a/b/a', 'b/b/b', 'a/b/a/b'];

/** The entry by which the gateway serves a point: an id beats a pattern, then the later one wins. */
function winner(entries: readonly Entry[], id: string): Entry | undefined {
  return entries.find(({ match }) => match === id) ?? entries.findLast(({ match }) => matcher([match])(id));
}

function serves(by: Entry, want: Entry): boolean {
  if ((by.interval_ms ?? 0) > (want.interval_ms ?? 0)) return false;
  if (!by.deadband) return true;
  if (!want.deadband || Object.keys(by.deadband)[0] !== Object.keys(want.deadband)[0]) return false;
  const [width, most] = [by.deadband, want.deadband].map((band) => Object.values(band)[0] as number);
  return width! <= most! && (by.flush_ms ?? Infinity) <= (want.flush_ms ?? Infinity);
}

test('whatever many want, each is served as it asked, and nothing else is selected', () => {
  fc.assert(fc.property(fc.array(ENTRY, { maxLength: 6 }), (entries) => {
    const merged = merge(entries);
    expect(new Set(merged.map(({ match }) => match)).size).toBe(merged.length);
    for (const id of IDS) {
      const wants = entries.filter(({ match }) => matcher([match])(id));
      const by = winner(merged, id);
      expect(by !== undefined).toBe(wants.length > 0);
      for (const want of wants) expect(serves(by!, want), `${JSON.stringify(merged)} serves ${id} to ${JSON.stringify(want)}`).toBe(true);
    }
    expect(merge(merged).map(({ match, ...rest }) => match + wish({ match, ...rest })).sort()).toEqual(merged.map(({ match, ...rest }) => match + wish({ match, ...rest })).sort());
  }), { numRuns: 2_000 });
});

test('who wants what is found by id, and changes with what is wanted', () => {
  const routes = new Routes<string>();
  routes.set('one', ['a/**']);
  routes.set('two', ['a/b', 'c']);
  expect(routes.to('a/b')).toEqual(['one', 'two']);
  expect(routes.to('c')).toEqual(['two']);
  routes.set('two', ['c']);
  expect(routes.to('a/b')).toEqual(['one']);
  routes.delete('one');
  expect(routes.to('a/b')).toEqual([]);
});
