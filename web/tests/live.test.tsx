import { For, type JSX, createEffect, createSignal } from 'solid-js';
import { render } from 'solid-js/web';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PointInfo } from 'pointcast';
import { Catalog, MOST_REMEMBERED } from '../src/live/catalog.js';
import { GatewayProvider, createGateway } from '../src/live/gateway.js';
import { Looks } from '../src/live/looks.js';
import { type Watched, createWatch } from '../src/live/watch.js';
import { FakeClient, pointOf } from './fake.js';

let fake: FakeClient;
let end: () => void = () => {};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'requestAnimationFrame', 'Date', 'performance', 'clearTimeout', 'clearInterval'] });
  fake = new FakeClient();
});
afterEach(() => {
  end();
  frame(); // what was asked for is not to wait in the next test
  vi.useRealTimers();
});

/** Renders `inside` with a gateway around. */
function within(inside: () => JSX.Element): void {
  end = render(() => {
    const gateway = createGateway(fake.client);
    return <GatewayProvider value={gateway}>{inside()}</GatewayProvider>;
  }, document.createElement('div'));
}

function watching(patterns: () => readonly string[]): Watched {
  let watched!: Watched;
  const Inside = () => {
    watched = createWatch(patterns);
    return null;
  };
  within(() => <Inside />);
  return watched;
}

const frame = () => vi.advanceTimersToNextFrame();

test('what came is drawn with the next frame, in the order of names', () => {
  const watched = watching(() => ['line/**']);
  fake.tell([pointOf('line10'), pointOf('line2')]);
  expect(watched.ids()).toEqual([]);
  frame();
  expect(watched.ids()).toEqual(['line2', 'line10']);
  expect(watched.point('line2')?.value).toBe(1);
});

test('a change draws its own point alone, once a frame', () => {
  const drawn: string[] = [];
  const Inside = () => {
    const watched = createWatch(() => ['**']);
    for (const id of ['a', 'b']) createEffect(() => void drawn.push(`${id} ${watched.point(id)?.value ?? 'none'}`));
    return null;
  };
  within(() => <Inside />);
  fake.tell([pointOf('a'), pointOf('b')]);
  frame();
  drawn.length = 0;
  fake.tell([pointOf('a', { value: 2 })]);
  fake.tell([pointOf('a', { value: 3 })]);
  frame();
  expect(drawn).toEqual(['a 3']);
});

test('what is not live is told as that', () => {
  const watched = watching(() => ['**']);
  fake.tell([pointOf('a')]);
  frame();
  fake.tell([pointOf('a', { live: false })]);
  frame();
  expect(watched.point('a')?.live).toBe(false);
});

test('what is no more is gone', () => {
  const watched = watching(() => ['**']);
  fake.tell([pointOf('a'), pointOf('b')]);
  frame();
  fake.tell([], ['a']);
  frame();
  expect(watched.point('a')).toBeUndefined();
  expect(watched.ids()).toEqual(['b']);
});

test('what is no more and comes back is drawn for who looked at it all the while', () => {
  const drawn: string[] = [];
  const Inside = () => {
    const watched = createWatch(() => ['**']);
    createEffect(() => void drawn.push(String(watched.point('a')?.value)));
    return null;
  };
  within(() => <Inside />);
  const all = [() => fake.tell([pointOf('a')]), () => fake.tell([], ['a']), () => fake.tell([], ['a']), () => fake.tell([pointOf('a', { value: 2 })])];
  for (const tell of all) {
    tell();
    frame();
  }
  // It comes and goes within one frame.
  fake.tell([], ['a']);
  frame();
  fake.tell([pointOf('a')]);
  fake.tell([], ['a']);
  frame();
  fake.tell([pointOf('a', { value: 3 })]);
  frame();
  expect(drawn.filter((one, at) => one !== drawn[at - 1])).toEqual(['undefined', '1', 'undefined', '2', 'undefined', '3']);
});

test('of points that are no more nothing is kept, also where names are put in order later', async () => {
  const drawn = vi.spyOn(Looks.prototype, 'draw');
  const Inside = () => {
    const watched = createWatch(() => ['**']);
    return <For each={watched.ids()}>{(id) => <p>{String(watched.point(id)?.value)}</p>}</For>;
  };
  within(() => <Inside />);
  const kept = () => (drawn.mock.contexts.at(-1) as Looks).size;
  fake.tell([pointOf('a'), pointOf('b')]);
  await vi.advanceTimersByTimeAsync(500);
  expect(kept()).toBe(2);
  fake.tell([], ['a']);
  await vi.advanceTimersByTimeAsync(500);
  expect(kept()).toBe(1);
  fake.tell(Array.from({ length: 1_500 }, (_, at) => pointOf(`many/${at}`)));
  await vi.advanceTimersByTimeAsync(500);
  expect(kept()).toBe(1_501);
  for (const id of ['many/1', 'many/2', 'many/3']) {
    fake.tell([], [id]);
    frame();
  }
  await vi.advanceTimersByTimeAsync(500);
  expect(kept()).toBe(1_498);
  drawn.mockRestore();
});

test('other patterns are another watch, and nothing of the one before is left', () => {
  const [patterns, setPatterns] = createSignal<readonly string[]>(['a/**']);
  const watched = watching(patterns);
  fake.tell([pointOf('a/x')]);
  frame();
  setPatterns(['b/**']);
  expect(fake.watches.map(({ patterns: of, open }) => [of.join(), open])).toEqual([['a/**', false], ['b/**', true]]);
  frame();
  expect(watched.ids()).toEqual([]);
  expect(watched.point('a/x')).toBeUndefined();
});

test('the same patterns again keep the watch, and what is no pattern is left out', () => {
  const [patterns, setPatterns] = createSignal<readonly string[]>(['a/**', 'a//b']);
  watching(patterns);
  setPatterns(['a/**']);
  expect(fake.watches.length).toBe(1);
  expect(fake.watches[0]?.patterns).toEqual(['a/**']);
});

test('the watch ends with its component', () => {
  watching(() => ['**']);
  end();
  end = () => {};
  expect(fake.watches[0]?.open).toBe(false);
});

const infoOf = (id: string, unit: string): PointInfo => ({ id, value: 1, quality: 'good', time: 1, type: 'f32', unit, writable: false });

test('units come once for a pattern, and anew when names have changed', async () => {
  fake.infos = [infoOf('a', '°C')];
  const watched = watching(() => ['**']);
  await vi.advanceTimersByTimeAsync(0);
  expect(watched.info('a')?.unit).toBe('°C');
  fake.infos = [infoOf('a', 'K')];
  fake.emit('catalog', 2);
  await vi.advanceTimersByTimeAsync(0);
  expect(watched.info('a')?.unit).toBe('K');
  expect(fake.walks.length).toBe(2);
});

test('many ids are one question, and patterns another', async () => {
  const ids = Array.from({ length: 1_500 }, (_, at) => `a/${at}`);
  fake.infos = [infoOf('a/7', '°C')];
  const watched = watching(() => [...ids, 'b/**']);
  await vi.advanceTimersByTimeAsync(0);
  expect(watched.info('a/7')?.unit).toBe('°C');
  expect(fake.walks).toEqual([ids, ['b/**']]);
});

test('what there is no more is forgotten when all is asked for anew, and not before', async () => {
  fake.infos = [infoOf('a', '°C'), infoOf('b', '°C')];
  const watched = watching(() => ['**']);
  await vi.advanceTimersByTimeAsync(0);
  fake.infos = [infoOf('a', '°C')];
  fake.failing = true;
  fake.emit('catalog', 2);
  await vi.advanceTimersByTimeAsync(0);
  expect(watched.info('b')?.unit).toBe('°C');
  fake.failing = false;
  await vi.advanceTimersByTimeAsync(5_000);
  expect([watched.info('a')?.unit, watched.info('b')]).toEqual(['°C', undefined]);
});

test('what was asked for is remembered for who comes back, but not of any number', async () => {
  const catalog = new Catalog(fake.client);
  const visit = async (...patterns: string[]) => {
    const leave = catalog.want(patterns);
    await vi.advanceTimersByTimeAsync(0);
    leave();
    return fake.walks.length;
  };
  expect([await visit('**'), await visit('gone'), await visit('**', 'gone')]).toEqual([1, 2, 2]);
  expect(catalog.lacks('gone')).toBe(true);
  const before = await visit(...Array.from({ length: MOST_REMEMBERED }, (_, at) => `gone/${at}`));
  const remembered = Array.from({ length: MOST_REMEMBERED }, (_, at) => `gone/${at}`).filter((id) => catalog.lacks(id));
  expect(remembered.length).toBe(MOST_REMEMBERED - 2);
  expect([await visit('**', 'gone'), await visit(...remembered), await visit('gone/0')]).toEqual([before, before, before + 1]);
});

test('once names have changed it is not known any more what there is not, but for who wants to know', async () => {
  const catalog = new Catalog(fake.client);
  catalog.want(['a']);
  const leave = catalog.want(['b']);
  await vi.advanceTimersByTimeAsync(0);
  leave();
  expect(['a', 'b'].map((id) => catalog.lacks(id))).toEqual([true, true]);
  fake.emit('catalog', 2);
  expect(['a', 'b'].map((id) => catalog.lacks(id))).toEqual([true, false]);
});

test('a walk that fails is tried again', async () => {
  fake.failing = true;
  const watched = watching(() => ['**']);
  await vi.advanceTimersByTimeAsync(0);
  fake.failing = false;
  fake.infos = [infoOf('a', 'bar')];
  await vi.advanceTimersByTimeAsync(5_000);
  expect(watched.info('a')?.unit).toBe('bar');
});

test('the gateway’s time is its own', () => {
  let now = 0;
  const Inside = () => {
    const gateway = createGateway(fake.client);
    createEffect(() => (now = gateway.now()));
    return null;
  };
  within(() => <Inside />);
  vi.setSystemTime(100_000);
  fake.contact = { ...fake.contact, offsetMs: 5_000 };
  fake.emit('contact', fake.contact);
  expect(now).toBe(105_000);
  vi.advanceTimersByTime(2_000);
  expect(now).toBeGreaterThanOrEqual(106_000);
});
