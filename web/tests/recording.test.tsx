import { createRoot, createSignal } from 'solid-js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GatewayProvider, createGateway, type Gateway } from '../src/live/gateway.js';
import { createWatch } from '../src/live/watch.js';
import { AGAIN_MS, GatewayTime, offsetOf } from '../src/live/time.js';
import { FakeClient, pointOf } from './fake.js';

const T = 1_800_000_000_000;
let fake: FakeClient;
let ends: (() => void)[] = [];

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'requestAnimationFrame', 'Date', 'clearTimeout', 'clearInterval'], now: T });
  fake = new FakeClient();
});
afterEach(() => {
  for (const end of ends) end();
  ends = [];
  vi.useRealTimers();
});

/** Runs with a gateway; `watch` begins a watch of its own, and returns what ends it. */
function gatewayOf(): { gateway: Gateway; watch: (patterns: () => readonly string[]) => () => void } {
  let gateway!: Gateway;
  const watch = (patterns: () => readonly string[]) => createRoot((end) => {
    const Inside = () => {
      createWatch(patterns);
      return null;
    };
    <GatewayProvider value={gateway}><Inside /></GatewayProvider>;
    return end;
  });
  createRoot((end) => {
    gateway = createGateway(fake.client);
    ends.push(end);
  });
  return { gateway, watch };
}

const values = (gateway: Gateway, id: string) => [...(gateway.history.track(id)?.values ?? [])];
const times = (gateway: Gateway, id: string) => [...(gateway.history.track(id)?.times ?? [])].map((time) => time - T);

test('contact that is lost ends lines where the gateway was last heard, by its own clock', () => {
  const { gateway, watch } = gatewayOf();
  watch(() => ['a']);
  fake.contact = { ...fake.contact, offsetMs: 500 };
  fake.tell([pointOf('a', { time: T })]);
  vi.advanceTimersByTime(10_000);
  fake.contact = { ...fake.contact, state: 'lost', lastContact: T + 2_000 };
  fake.tell([pointOf('a', { time: T, live: false })]);
  expect(times(gateway, 'a')).toEqual([0, 2_500]);
  expect(values(gateway, 'a')).toEqual([1, NaN]);
});

test('on a screen whose clock is behind, values stand at their own time from the first on', () => {
  fake.contact = { ...fake.contact, offsetMs: null };
  const { gateway, watch } = gatewayOf();
  watch(() => ['a']);
  fake.tell([pointOf('a', { time: T + 60_000 })]);
  expect(times(gateway, 'a')).toEqual([60_000]);
});

test('what nobody watches any more is not known any more', () => {
  const { gateway, watch } = gatewayOf();
  const end = watch(() => ['a']);
  fake.tell([pointOf('a', { time: T })]);
  vi.advanceTimersByTime(1_000);
  end();
  vi.advanceTimersByTime(100);
  expect(times(gateway, 'a')).toEqual([0, 1_000]);
});

test('a removed point ends its line', () => {
  const { gateway, watch } = gatewayOf();
  watch(() => ['a']);
  watch(() => ['**']);
  fake.tell([pointOf('a', { time: T })]);
  vi.advanceTimersByTime(1_000);
  fake.tell([], ['a']);
  expect(values(gateway, 'a')).toEqual([1, NaN]);
});

test('a watch that takes the place of another leaves no gap', () => {
  const { gateway, watch } = gatewayOf();
  const [patterns, setPatterns] = createSignal(['a']);
  watch(patterns);
  fake.tell([pointOf('a', { time: T })]);
  vi.advanceTimersByTime(1_000);
  setPatterns(['a', 'b']);
  fake.tell([pointOf('a', { time: T })]);
  vi.advanceTimersByTime(1_000);
  expect(values(gateway, 'a')).toEqual([1]);
});

test('the points of the trend are watched whatever is shown, without a gap when another is chosen, and are remembered', async () => {
  const { gateway } = gatewayOf();
  gateway.chosen.choose(['a'], 60_000);
  expect(fake.watches.filter(({ open }) => open).map(({ patterns }) => patterns)).toEqual([['a']]);
  fake.tell([pointOf('a', { time: T })]);
  gateway.chosen.choose(['a', 'b'], 60_000);
  fake.tell([pointOf('a', { time: T }), pointOf('b', { time: T })]);
  vi.advanceTimersByTime(1_000);
  expect(values(gateway, 'a')).toEqual([1]);
  const again = gatewayOf().gateway;
  expect(again.chosen.ids()).toEqual(['a', 'b']);
  expect(again.chosen.spanMs()).toBe(60_000);
});

test('what is remembered wrongly does no harm', () => {
  for (const kept of ['null', '{"ids":"a","spanMs":-4}', '[', '{"ids":["a/*",1,"b"],"spanMs":1e99}']) {
    localStorage.setItem('pointcast.trend', kept);
    const { chosen } = gatewayOf().gateway;
    expect(chosen.spanMs()).toBe(900_000);
    expect(chosen.ids().every((id) => id === 'b')).toBe(true);
  }
});

test('another clock: nothing where the two may agree, else the middle', () => {
  expect(offsetOf({ dateMs: T, askedAt: T + 300, answeredAt: T + 350 }, 0)).toBe(0);
  expect(offsetOf({ dateMs: T, askedAt: T - 20, answeredAt: T + 10 }, 0)).toBe(0);
  expect(offsetOf({ dateMs: T + 60_000, askedAt: T, answeredAt: T + 100 }, 0)).toBe(60_450);
  expect(offsetOf({ dateMs: T + 60_000, askedAt: T, answeredAt: T + 100 }, 60_123), 'what was known holds').toBe(60_123);
});

test('until a heartbeat tells the time, the date of an answer does', async () => {
  fake.contact = { state: 'behind', lastContact: T, offsetMs: null, why: null };
  const ask = vi.fn(async () => ({ dateMs: T + 60_000, askedAt: T, answeredAt: T }));
  const time = new GatewayTime(fake.client, ask);
  expect(time.now()).toBe(T);
  fake.emit('contact', fake.contact);
  fake.emit('contact', fake.contact);
  await Promise.resolve();
  await Promise.resolve();
  expect(time.now()).toBe(T + 60_500);
  expect(ask).toHaveBeenCalledTimes(1);
  fake.contact = { ...fake.contact, offsetMs: 60_123 };
  expect(time.now()).toBe(T + 60_123);
});

/** A client that has contact, and a stream without heartbeats. */
function busy() {
  fake.contact = { state: 'live', lastContact: T, offsetMs: null, why: null };
}

/** What the client tells of its contact. */
const tell = (over: Partial<typeof fake.contact>) => {
  fake.contact = { ...fake.contact, ...over };
  fake.emit('contact', fake.contact);
  return vi.advanceTimersByTimeAsync(0);
};

test('a screen whose clock is set meanwhile asks again when contact is back, and until then holds to what it knew', async () => {
  busy();
  let behindMs = 3_600_000;
  let answer = () => {};
  const ask = vi.fn(async () => {
    const askedAt = Date.now();
    await new Promise<void>((resolve) => (answer = resolve));
    return { dateMs: askedAt + behindMs, askedAt, answeredAt: Date.now() };
  });
  const time = new GatewayTime(fake.client, ask);
  await tell({});
  answer();
  await tell({});
  expect(time.now() - Date.now()).toBe(3_600_500);
  behindMs = 0;
  await tell({ state: 'lost' });
  await tell({ state: 'behind' });
  await tell({ state: 'live' });
  expect(ask).toHaveBeenCalledTimes(2);
  expect(time.now() - Date.now()).toBe(3_600_500);
  answer();
  await tell({});
  expect(time.now()).toBe(Date.now() + 500);
});

test('an answer to a contact that is over is none', async () => {
  busy();
  const answers: (() => void)[] = [];
  const ask = () => new Promise<{ dateMs: number; askedAt: number; answeredAt: number }>((resolve) =>
    answers.push(() => resolve({ dateMs: T + 60_000 * answers.length, askedAt: T, answeredAt: T })));
  const time = new GatewayTime(fake.client, ask);
  await tell({});
  await tell({ state: 'lost' });
  await tell({ state: 'live' });
  answers[0]?.();
  await tell({});
  expect(time.isKnown).toBe(false);
  answers[1]?.();
  await tell({});
  expect(time.now()).toBe(T + 120_500);
});

test('what a heartbeat told last holds when contact is lost, and after it where the next stream has none', async () => {
  const time = new GatewayTime(fake.client, () => new Promise(() => {}));
  await tell({ offsetMs: 60_123 });
  await tell({ state: 'lost', offsetMs: null });
  await tell({ state: 'live' });
  expect(time.now()).toBe(T + 60_123);
});

test('a question that is never answered keeps nobody from learning the time by a heartbeat', async () => {
  busy();
  const time = new GatewayTime(fake.client, () => new Promise(() => {}));
  const known = vi.fn();
  void time.known.then(known);
  await tell({});
  expect(known).not.toHaveBeenCalled();
  await tell({ offsetMs: 5 });
  expect(known).toHaveBeenCalled();
});

test('a question has an end, and is asked again', async () => {
  busy();
  const limit = new AbortController();
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal);
  const hangs = vi.fn((_: string, { signal }: RequestInit) => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))));
  vi.stubGlobal('fetch', hangs);
  const time = new GatewayTime(fake.client);
  await tell({});
  limit.abort();
  vi.stubGlobal('fetch', async () => ({ headers: new Headers({ date: new Date(T + 60_000).toUTCString() }) }));
  await vi.advanceTimersByTimeAsync(AGAIN_MS);
  expect(hangs).toHaveBeenCalledTimes(1);
  expect(time.isKnown).toBe(true);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
