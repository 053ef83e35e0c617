import { expect, test } from 'vitest';
import type { PointInfo } from 'pointcast';
import { type Column, csvName, csvOf } from '../src/trends/csv.js';

const T = Date.UTC(2026, 0, 2, 3, 4, 5);
const column = (id: string, steps: readonly (readonly [number, number])[], info: Partial<PointInfo> = {}): Column => ({
  id, info: { id, value: 0, quality: 'good', time: 0, type: 'f64', writable: false, ...info },
  track: { times: Float64Array.from(steps, ([at]) => T + at), values: Float64Array.from(steps, ([, value]) => value) },
});
const table = (columns: readonly Column[], from = 0, to = 1_000, most?: number) => [...csvOf(columns, T + from, T + to, most)].join('');
const rows = (...all: Parameters<typeof table>) => table(...all).split('\r\n').slice(1, -1);

test('a row for each change and for both ends; what stands is in every row, what was not good in none', () => {
  const one = column('a', [[-50, 1], [200, 2], [400, NaN], [600, 3]], { unit: '°C' });
  const other = column('b', [[200, 0.1], [500, 0.25], [2_000, 9]], { unit: 'bar' });
  expect(table([one, other])).toBe([
    '\ufefftime,a (°C),b (bar)',
    '2026-01-02T03:04:05.000Z,1,',
    '2026-01-02T03:04:05.200Z,2,0.1',
    '2026-01-02T03:04:05.400Z,,0.1',
    '2026-01-02T03:04:05.500Z,,0.25',
    '2026-01-02T03:04:05.600Z,3,0.25',
    '2026-01-02T03:04:06.000Z,3,0.25',
    '',
  ].join('\r\n'));
});

test('two changes in one moment are one row, the later counts', () => {
  expect(rows([column('a', [[100, 1], [100, 2]])])).toEqual(['2026-01-02T03:04:05.000Z,', '2026-01-02T03:04:05.100Z,2', '2026-01-02T03:04:06.000Z,2']);
});

test('a point without any value is an empty column', () => {
  expect(rows([{ id: 'a', info: undefined, track: undefined }])).toEqual(['2026-01-02T03:04:05.000Z,', '2026-01-02T03:04:06.000Z,']);
});

test('a stretch that begins after what is known has no rows', () => {
  expect(rows([column('a', [[0, 1]])], 1_000, 500)).toEqual([]);
});

test('a change at an end of what is shown is one row', () => {
  expect(rows([column('a', [[0, 1], [1_000, 2]])])).toEqual(['2026-01-02T03:04:05.000Z,1', '2026-01-02T03:04:06.000Z,2']);
});

const header = (id: string, info: Partial<PointInfo> = {}) => table([column(id, [], info)]).split('\r\n')[0]?.replace('\ufefftime,', '');

test('names are quoted where they must be', () => {
  expect(header('a b;c')).toBe('a b;c');
  expect(header('mode', { labels: { 0: 'off', 1: 'on, "hot"' } })).toBe('"mode (0 off, 1 on, ""hot"")"');
});

test('no name is a formula', () => {
  for (const id of ['=cmd', '+1', '-x', '@sum']) expect(header(id)).toBe(`'${id}`);
  expect(header('=a,b')).toBe(`"'=a,b"`);
});

test('of too many rows the newest are taken, with what stood before', () => {
  const many = column('a', Array.from({ length: 1_000 }, (_, at) => [at, at] as const));
  const taken = rows([many, column('b', [[1, 7]])], 0, 999, 10);
  expect(taken.length).toBeLessThanOrEqual(10);
  expect(taken.at(-1)).toBe('2026-01-02T03:04:05.999Z,999,7');
});

test('large tables come in several texts', () => {
  const many = column('a', Array.from({ length: 12_000 }, (_, at) => [at, at] as const));
  const texts = [...csvOf([many], T, T + 20_000)];
  expect(texts.length).toBeGreaterThan(3);
  expect(texts.join('').split('\r\n')).toHaveLength(12_000 + 1 + 1 + 1);
});

test('a name without what file systems refuse', () => {
  expect(csvName(T)).toBe('trends_2026-01-02T03-04-05Z.csv');
});

test('integers too long for a number have no digit that is made up; other large numbers are themselves', () => {
  const value = (type: PointInfo['type'], of: number) => rows([column('a', [[0, of]], { type })])[0]?.split(',')[1];
  expect(value('u64', 18_446_744_073_709_551_615)).toBe('1.84467440737096e+19');
  expect(value('i64', -9_007_199_254_740_993)).toBe('-9.00719925474099e+15');
  expect(value('i64', 9_007_199_254_740_991)).toBe('9007199254740991');
  expect(value('f64', 2 ** 60)).toBe(String(2 ** 60));
});
