import { beforeEach, expect, test } from 'vitest';
import type { PointInfo } from 'pointcast';
import { idsOf } from '../src/live/chosen.js';
import { addressOf, askedOf, spanPart, viewOf } from '../src/trends/address.js';
import { gutterOf, marksOf, timeMarks, timeText, valueMarks, valueRange } from '../src/trends/axes.js';
import { examplesOf } from '../src/trends/empty.js';
import { type Group, groupsOf } from '../src/trends/groups.js';
import { heightsOf } from '../src/trends/layout.js';
import { DARK, LIGHT, colourOf, patternOf } from '../src/trends/palette.js';
import { isExact, laneBase, rangeOf } from '../src/trends/range.js';
import { shortNames } from '../src/trends/legend.js';
import { suggestionsOf } from '../src/trends/suggest.js';
import { type View, between, panned, pinched, spanOf, zoomed } from '../src/trends/view.js';
import { pressKey } from '../src/trends/gestures.js';
import { speak } from '../src/text/language.js';

const info = (id: string, over: Partial<PointInfo> = {}): PointInfo => ({ id, value: 0, quality: 'good', time: 0, type: 'f32', writable: false, ...over });
const grouped = (...infos: PointInfo[]) => groupsOf(infos.map(({ id }) => id), (id) => infos.find((one) => one.id === id));
const only = (...infos: PointInfo[]): Group => {
  const [group] = grouped(...infos).groups;
  if (!group) throw new Error('no group');
  return group;
};
const MODES = { 0: 'off', 1: 'day', 2: 'night' };
const NOW = 1_800_000_000_000;

beforeEach(() => speak('en', false));

const read = (address: string) => {
  const { searchParams } = new URL(address, 'http://gateway');
  const part = (name: string) => searchParams.get(name) ?? undefined;
  return askedOf(part('points'), part('span'), part('until'));
};

// ---- the address ----

test('an address says points and span, and is read as it was written', () => {
  const address = addressOf(['boiler/supply/temperature', '$gateway/frames', 'a b/é&='], { spanMs: 900_000, end: null });
  expect(address).toBe('/trends?points=boiler/supply/temperature,$gateway/frames,a%20b/%C3%A9%26%3D&span=15m');
  expect(read(address)).toEqual({ points: ['boiler/supply/temperature', '$gateway/frames', 'a b/é&='], spanMs: 900_000, until: null });
  expect(addressOf([], { spanMs: 900_000, end: NOW })).toBe('/trends');
});

test('a stretch that is over is in the address to the millisecond, and writing what was read changes nothing', () => {
  const address = addressOf(['a'], { spanMs: 6_905.37, end: Date.UTC(2026, 10, 27, 22, 3, 10, 250) + 0.4 });
  expect(address).toBe('/trends?points=a&span=6905ms&until=2026-11-27T22:03:10.250Z');
  const asked = read(address);
  expect(viewOf(asked, 60_000)).toEqual({ spanMs: 6_905, end: Date.UTC(2026, 10, 27, 22, 3, 10, 250) });
  expect(addressOf(asked.points, viewOf(asked, 60_000))).toBe(address);
  expect(viewOf(read('/trends?points=a'), 60_000)).toEqual({ spanMs: 60_000, end: null });
});

test('what is no time in an address is left out', () => {
  const until = (said: string) => askedOf('a', '1m', said).until;
  expect(until('2026-11-27T22:03:10Z')).toBe(Date.UTC(2026, 10, 27, 22, 3, 10));
  for (const said of ['', 'now', '1795816902822', '2026-11-27', '2026-02-30T00:00:00Z', '2026-11-27T25:00:00Z', '2026-11-27T22:03:10', '+275760-09-13T00:00:00Z']) {
    expect(until(said)).toBeNull();
  }
});

test('what is no point or span in an address is left out', () => {
  expect(askedOf('a,,a,x//y,boiler/*/temperature,b', '99h', undefined)).toEqual({ points: ['a', 'boiler/*/temperature', 'b'], spanMs: null, until: null });
  const spanMs = (said: string) => askedOf(undefined, said, undefined).spanMs;
  expect([spanMs('0m'), spanMs('999ms'), spanMs('3600001ms'), spanMs('-5m')]).toEqual([null, null, null, null]);
  expect([spanMs('90s'), spanMs('1500ms')]).toEqual([90_000, 1_500]);
  expect([spanPart(90_000), spanPart(60_000), spanPart(3_600_000), spanPart(1_234)]).toEqual(['90s', '1m', '1h', '1234ms']);
});

test('what is remembered is taken with care', () => {
  expect(idsOf(['a', 'a', 7, 'b/*', '', 'c'])).toEqual(['a', 'c']);
  expect(idsOf('a')).toEqual([]);
  expect(idsOf(Array.from({ length: 50 }, (_, at) => `p${at}`))).toHaveLength(12);
});

// ---- which lines share a chart ----

test('a chart for each unit, in the order in which points were chosen; switches last', () => {
  const { groups, texts, unknown } = groupsOf(['flame', 't1', 'p', 't2', 'mode', 'name', 'nowhere', 'mode2', 'pump'], (id) => ({
    flame: info('flame', { type: 'bool' }), t1: info('t1', { unit: '°C' }), p: info('p', { unit: 'bar' }), t2: info('t2', { unit: '°C' }),
    mode: info('mode', { type: 'u16', labels: MODES }), mode2: info('mode2', { type: 'u16', labels: MODES }), name: info('name', { type: 'string' }),
    pump: info('pump', { type: 'bool' }),
  }[id]));
  expect(groups.map(({ kind, unit, lines }) => [kind, unit, lines.map(({ id }) => id)])).toEqual([
    ['number', '°C', ['t1', 't2']], ['number', 'bar', ['p']], ['names', '', ['mode', 'mode2']], ['switch', '', ['flame', 'pump']],
  ]);
  expect([texts, unknown]).toEqual([['name'], ['nowhere']]);
  expect(groups[1]?.lines[0]?.slot).toBe(2);
});

test('twelve lines differ in colour or pattern', () => {
  const shades = { text: '', grid: '', lost: '', lines: ['1', '2', '3', '4', '5', '6'] };
  const looks = Array.from({ length: 12 }, (_, slot) => `${colourOf(shades, slot)} ${patternOf(slot).join()}`);
  expect(new Set(looks).size).toBe(12);
});

/** Contrast by WCAG 2.2. */
function contrast(one: string, other: string): number {
  const light = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low = 0, high = 0] = [light(one), light(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test('lines stand out against what is behind, light and dark', () => {
  for (const colour of LIGHT) expect(contrast(colour, '#ffffff')).toBeGreaterThanOrEqual(4.5);
  for (const colour of DARK) expect(contrast(colour, '#161c22')).toBeGreaterThanOrEqual(4.5);
});

test('short names are what tells lines apart', () => {
  expect(shortNames(['boiler/supply/temperature', 'boiler/return/temperature'])).toEqual(['supply', 'return']);
  expect(shortNames(['a/x', 'b/y/z'])).toEqual(['a/x', 'b/y/z']);
  expect(shortNames(['a/b', 'a/b/c'])).toEqual(['b', 'b/c']);
  expect(shortNames(['a/b'])).toEqual(['b']);
});

// ---- axes ----

test('an axis fits its values and stays while it serves', () => {
  const first = rangeOf(20, 24);
  expect(first[0]).toBeLessThanOrEqual(20);
  expect(first[1]).toBeGreaterThanOrEqual(24);
  expect(rangeOf(20.5, 24, first)).toBe(first);
  expect(rangeOf(20, 30, first)).not.toBe(first);
  expect(rangeOf(21, 21.5, first)).not.toBe(first);
  expect(rangeOf(NaN, NaN, first)).toBe(first);
  expect(rangeOf(0, 36)).toEqual([0, 40]);
  expect(rangeOf(-36, 0)).toEqual([-40, 0]);
});

test('an axis magnifies no steps that read alike', () => {
  const trembling = rangeOf(20.12, 20.14, undefined, 0.4);
  expect(trembling[1] - trembling[0]).toBeGreaterThanOrEqual(0.4);
  expect(rangeOf(20.11, 20.15, trembling, 0.4)).toEqual(trembling);
  expect(rangeOf(0.01, 0.02, undefined, 0.4)[0]).toBe(0);
  expect(rangeOf(20, 24, undefined, 0.4)).toEqual(rangeOf(20, 24));
  const line = { id: 'a', slot: 0, info: { id: 'a', precision: 1 } as PointInfo };
  const [low, high] = valueRange({ key: '', kind: 'number', unit: '', lines: [line] }, 20.12, 20.14);
  expect(high - low).toBeGreaterThanOrEqual(0.4);
});

test('a value that never changes lies within its axis', () => {
  for (const value of [0, 5, -5, 1e-12, 1e15]) {
    const [low, high] = rangeOf(value, value);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
  }
});

test('marks are round, and as many as there is room for', () => {
  const group = only(info('a', { unit: 'bar' }));
  expect(valueMarks(group, marksOf(group, [0, 1], 200))).toEqual(['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']);
  expect(valueMarks(group, marksOf(group, [0, 1], 60))).toEqual(['0.0', '0.5', '1.0']);
  expect(valueMarks(group, marksOf(group, [-2e6, 2e6], 100))).toEqual(['-2,000,000', '-1,000,000', '0', '1,000,000', '2,000,000']);
  expect(valueMarks(group, [1e-9, 2e-9])).toEqual(['1.0e-9', '2.0e-9']);
  for (const height of [1, 30, 10_000]) expect(marksOf(group, [0, 1e-300], height).length).toBeLessThan(400);
});

test('neighbouring marks are never the same', () => {
  const group = only(info('a', { unit: 'Wh' }));
  for (const range of [[1e15, 1e15 + 8], [87_344_940, 87_344_941], [1e12, 1e12 + 0.5]] as const) {
    const marks = valueMarks(group, marksOf(group, range, 150));
    expect(new Set(marks).size).toBe(marks.length);
  }
});

test('values that have names are marked by them, all while they are few', () => {
  const group = only(info('mode', { type: 'u16', labels: MODES }));
  const range = valueRange(group, 1, 1);
  expect(range).toEqual([-0.5, 2.5]);
  expect(valueMarks(group, marksOf(group, range, 120))).toEqual(['off', 'day', 'night']);
});

test('switches have a lane each, the first on top', () => {
  const group = only(info('a', { type: 'bool' }), info('b', { type: 'bool', labels: { 0: 'shut', 1: 'open' } }));
  expect(laneBase(0, 2)).toBeGreaterThan(laneBase(1, 2) + 1);
  expect(valueMarks(group, marksOf(group, valueRange(group, 0, 1), 100))).toEqual(['no', 'yes', 'shut', 'open']);
});

test('the space beside the axis grows in steps', () => {
  expect(gutterOf(['1'])).toBe(gutterOf(['12']));
  expect(gutterOf(['87,344,940'])).toBeGreaterThan(gutterOf(['1']));
});

test('times are as exact as their marks', () => {
  const time = Date.UTC(2026, 0, 1, 12, 30, 15, 250);
  expect(timeMarks([time], 60_000)[0]).toMatch(/\d+:30\s?[AP]M/);
  expect(timeMarks([time], 5_000)[0]).toMatch(/\d+:30:15/);
  expect(timeMarks([time], 500)[0]).toMatch(/15\.2/);
});

test('a mark that lacks a trifle of its time is that time', () => {
  const time = Date.UTC(2026, 0, 1, 11, 0, 0);
  for (const stepMs of [300_000, 1_000, 500, 5]) expect(timeMarks([time - 0.25], stepMs)).toEqual(timeMarks([time], stepMs));
});

test('a time of long ago has its day', () => {
  expect(timeText(NOW - 60_000, 60_000, NOW)).not.toMatch(/Jan/);
  expect(timeText(NOW - 86_400_000, 60_000, NOW)).toMatch(/Jan 1[34]/);
});

test('integers beyond 2⁵³ are drawn only where their steps show', () => {
  expect(isExact(0, 2 ** 53)).toBe(true);
  expect(isExact(2 ** 60, 2 ** 60 + 2 ** 20)).toBe(true);
  expect(isExact(2 ** 60, 2 ** 60 + 512)).toBe(false);
  expect(isExact(2 ** 60, 2 ** 60)).toBe(false);
  expect(isExact(NaN, NaN)).toBe(true);
});

test('numbers share the window; states take what they need', () => {
  const { groups } = grouped(info('t', { unit: '°C' }), info('p', { unit: 'bar' }), info('s', { type: 'bool' }), info('u', { type: 'bool' }));
  const low = heightsOf(groups, 500);
  const high = heightsOf(groups, 1_400);
  expect(low.get('number °C')).toBe(150);
  expect(high.get('number °C')).toBeGreaterThan(300);
  expect(high.get('switch')).toBe(low.get('switch'));
});

// ---- the view ----

test('a view follows until it is moved away from now, and again when it comes back', () => {
  const live: View = { spanMs: 60_000, end: null };
  const earlier = panned(live, -0.5, NOW);
  expect(earlier).toEqual({ spanMs: 60_000, end: NOW - 30_000 });
  expect(panned(earlier, 0.5, NOW)).toEqual(live);
  expect(panned(earlier, 5, NOW)).toEqual(live);
});

test('beginnings and ends are whole milliseconds, however a view is moved', () => {
  const now = NOW + 0.6;
  const live: View = { spanMs: 900_000, end: null };
  const views = [
    live, panned(live, -20 / 1_137, now), panned({ spanMs: 8_000, end: NOW - 60_000.3 }, 7 / 1_137, now), zoomed(live, 1 / 1.6, 1 / 3, now),
    between(NOW - 70_000.123, NOW - 20_000.456, now), pinched(live, [0.41, 0.62], [0.3, 0.77], now), panned(live, -100, now),
  ];
  for (const view of views) {
    const { from, to } = spanOf(view, now);
    expect([from, to]).toEqual([Math.round(from), Math.round(to)]);
    expect(to, 'nothing is known of what is to come').toBeLessThanOrEqual(now);
  }
});

test('a zoom keeps what is under the pointer', () => {
  const view: View = { spanMs: 600_000, end: NOW - 600_000 };
  const near = zoomed(view, 0.5, 0.25, NOW);
  const at = (one: View, place: number) => spanOf(one, NOW).from + one.spanMs * place;
  expect(Math.abs(at(near, 0.25) - at(view, 0.25))).toBeLessThanOrEqual(1);
  expect(near.spanMs).toBe(300_000);
});

test('a zoom around now goes on following', () => {
  expect(zoomed({ spanMs: 60_000, end: null }, 0.5, 1, NOW)).toEqual({ spanMs: 30_000, end: null });
});

test('a view stays within the hour that is kept', () => {
  expect(zoomed({ spanMs: 3_000_000, end: null }, 10, 0.5, NOW)).toEqual({ spanMs: 3_600_000, end: null });
  expect(zoomed({ spanMs: 2_000, end: NOW - 60_000 }, 0.001, 0.5, NOW).spanMs).toBe(1_000);
  expect(panned({ spanMs: 600_000, end: null }, -100, NOW).end).toBe(NOW - 3_000_000);
});

test('what is marked is what is looked at', () => {
  expect(between(NOW - 50_000, NOW - 20_000, NOW)).toEqual({ spanMs: 30_000, end: NOW - 20_000 });
});

test('two fingers keep the times that they touch', () => {
  const view: View = { spanMs: 600_000, end: NOW - 300_000 };
  const after = pinched(view, [0.4, 0.6], [0.3, 0.7], NOW);
  const at = (one: View, place: number) => spanOf(one, NOW).from + one.spanMs * place;
  expect(after.spanMs).toBeCloseTo(300_000);
  expect(Math.abs(at(after, 0.3) - at(view, 0.4))).toBeLessThanOrEqual(1);
  expect(Math.abs(at(after, 0.7) - at(view, 0.6))).toBeLessThanOrEqual(1);
  expect(pinched(view, [0.5, 0.5], [0.5, 0.5], NOW).spanMs).toBeGreaterThan(0);
});

test('keys zoom, move, read values and come back', () => {
  let view: View = { spanMs: 60_000, end: null };
  let cross: number | null = null;
  const stage = {
    view: () => view, now: () => NOW, cross: () => cross, setView: (one: View) => void (view = one), setCross: (one: number | null) => void (cross = one),
    setMarked: () => {}, toLive: () => void (view = { spanMs: 60_000, end: null }),
  };
  expect(pressKey(stage, 'ArrowLeft', false)).toBe(true);
  expect(view.end).toBe(NOW - 12_000);
  pressKey(stage, '+', false);
  expect(view.spanMs).toBeLessThan(60_000);
  pressKey(stage, 'ArrowLeft', true);
  expect(cross).toBe(0.99);
  pressKey(stage, 'Escape', false);
  expect(cross).toBeNull();
  pressKey(stage, 'End', false);
  expect(view).toEqual({ spanMs: 60_000, end: null });
  expect(pressKey(stage, 'a', false)).toBe(false);
});

// ---- choosing ----

test('suggestions have every word, the likeliest first, none that is chosen or text', () => {
  const infos = [
    info('$gateway/boiler'), info('pump/boiler/flow'), info('boiler/supply/temperature'), info('boiler/line10'), info('boiler/line2'),
    info('serial', { type: 'string', description: 'boiler' }), info('valve', { description: 'of the Boiler' }),
  ];
  expect(suggestionsOf('boiler', infos, ['boiler/line10']).map(({ id }) => id)).toEqual(['boiler/line2', 'boiler/supply/temperature', 'pump/boiler/flow', 'valve', '$gateway/boiler']);
  expect(suggestionsOf(' TEMP  boil', infos, []).map(({ id }) => id)).toEqual(['boiler/supply/temperature']);
  expect(suggestionsOf('', Array.from({ length: 500 }, (_, at) => info(`p${at}`)), [])).toHaveLength(40);
});

test('points to begin with are numbers of several devices', () => {
  expect(examplesOf([
    info('a/on', { type: 'bool', device: 'a' }), info('a/t', { unit: '°C', device: 'a' }), info('a/u', { unit: 'V', device: 'a' }),
    info('$gateway/x', { unit: 'ms' }), info('b/t', { unit: '°C', device: 'b' }),
  ])).toEqual(['a/t', 'b/t']);
});
