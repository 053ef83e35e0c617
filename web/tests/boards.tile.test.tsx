import { Route, Router } from '@solidjs/router';
import { render } from 'solid-js/web';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PointInfo } from 'pointcast';
import { type Board, readBoard, pointsOf } from '../src/boards/document.js';
import { TileView } from '../src/boards/tiles/tile.js';
import { GatewayProvider, createGateway } from '../src/live/gateway.js';
import { createWatch } from '../src/live/watch.js';
import { FakeClient, pointOf } from './fake.js';

let fake: FakeClient;
let place: HTMLElement;
let end: () => void = () => {};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'requestAnimationFrame', 'Date', 'clearTimeout', 'clearInterval'] });
  fake = new FakeClient();
  place = document.createElement('div');
  document.body.append(place);
});
afterEach(() => {
  end();
  place.remove();
  vi.advanceTimersToNextFrame();
  vi.useRealTimers();
});

const info = (id: string, over: Partial<PointInfo> = {}): PointInfo =>
  ({ id, value: 1, quality: 'good', time: 1, type: 'f64', writable: false, range: [0, 10], unit: 'bar', precision: 1, ...over });

/** Draws a board's tiles. */
async function draw(...tiles: object[]): Promise<void> {
  const read = readBoard({ title: 'x', tiles });
  const board: Board = 'board' in read ? read.board : { title: '', tiles: [], rest: {} };
  const Inside = () => {
    const watched = createWatch(() => board.tiles.flatMap(pointsOf));
    return <>{board.tiles.map((tile) => <TileView tile={tile} watched={watched} isShort={false} isStill={false} />)}</>;
  };
  end = render(() => {
    const gateway = createGateway(fake.client);
    return <GatewayProvider value={gateway}><Router><Route path="*" component={Inside} /></Router></GatewayProvider>;
  }, place);
  await vi.advanceTimersByTimeAsync(50);
}

const tell = async (...points: Parameters<FakeClient['tell']>) => {
  fake.tell(...points);
  await vi.advanceTimersByTimeAsync(50);
};
const tile = (at = 0) => place.querySelectorAll<HTMLElement>('.tile')[at];
const said = (at = 0) => tile(at)?.textContent?.replace(/\s+/g, ' ') ?? '';

test('what is not live is grey and says so, whatever kind of tile it is on', async () => {
  fake.infos = [info('a')];
  await draw(...['number', 'gauge', 'bar', 'lamp'].map((kind) => ({ kind, point: 'a', title: kind })));
  await tell([pointOf('a', { value: 5 })]);
  for (let at = 0; at < 4; at += 1) expect(tile(at)?.dataset['look']).toBe('good');
  await tell([pointOf('a', { value: 5, live: false })]);
  for (let at = 0; at < 4; at += 1) {
    expect(tile(at)?.dataset['look']).toBe('lost');
    expect(said(at)).toContain('not live');
  }
});

test('a value that is not good says why', async () => {
  fake.infos = [info('a')];
  await draw({ kind: 'number', point: 'a' });
  await tell([pointOf('a', { value: 5, quality: 'bad', reason: 'timeout' })]);
  expect(tile()?.dataset['look']).toBe('bad');
  expect(said()).toContain('5.0 bar');
  expect(said()).toContain('no answer in time');
});

test('a point that there is not is named; one that appears is shown', async () => {
  await draw({ kind: 'gauge', point: 'gone/away', title: 'Gauge' });
  expect(said()).toContain('There is no such point: gone/away');
  await tell([pointOf('gone/away', { value: 5 })]);
  expect(said()).not.toContain('no such point');
});

test('no value is a dash, and nothing of a gauge is filled', async () => {
  fake.infos = [info('a')];
  await draw({ kind: 'gauge', point: 'a' });
  await tell([pointOf('a', { value: 2.5 })]);
  expect(tile()?.querySelector('.part')?.getAttribute('stroke-dasharray')).toBe('25 200');
  await tell([pointOf('a', { value: null, quality: 'bad', reason: 'not_a_number' })]);
  expect(tile()?.querySelector('.part')).toBeNull();
  expect(said()).toContain('—');
});

test('a lamp has its own words, and an alarm is said besides its colour', async () => {
  fake.infos = [info('a', { type: 'bool' })];
  await draw({ kind: 'lamp', point: 'a', words: { 0: 'fine', 1: 'tripped' }, alarm: ['1'] });
  await tell([pointOf('a', { value: false })]);
  expect(said()).toContain('○ fine');
  await tell([pointOf('a', { value: true })]);
  expect(said()).toContain('■ tripped, alarm');
});

test('a tile that is not understood says why; a text is text', async () => {
  await draw({ kind: 'dial', point: 'a', x: 0, y: 0, w: 2, h: 2 }, { kind: 'text', text: '# <b>One</b>', x: 0, y: 2, w: 2, h: 1 });
  expect(said()).toContain('kind: number, gauge, lamp, bar, trend or text is wanted');
  expect(tile(1)?.querySelector('.prose h2')?.textContent).toBe('<b>One</b>');
});

test('a tile leads to its point', async () => {
  await draw({ kind: 'number', point: 'a/ü b', title: 'A' });
  expect(tile()?.querySelector('a')?.getAttribute('href')).toBe('/?point=a%2F%C3%BC%20b');
});

test('a tile that is called by its point is cut at the beginning of the id, and tells all of it where it is pointed at', async () => {
  await draw({ kind: 'number', point: 'plant/line1/a' }, { kind: 'number', point: 'plant/line1/b', title: 'B' });
  const captions = [...place.querySelectorAll<HTMLElement>('.caption')];
  expect(captions.map(({ textContent, title, dataset }) => [textContent, title, 'id' in dataset])).toEqual([
    ['plant/line1/a', 'plant/line1/a', true], ['B', 'plant/line1/b', false],
  ]);
});
