import { createRoot } from 'solid-js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Gateway, createGateway } from '../src/live/gateway.js';
import { type Store, WRITE_MS } from '../src/live/keeper.js';
import type { Kept } from '../src/live/kept.js';
import { browserStore } from '../src/live/store.js';
import { FakeClient, pointOf } from './fake.js';

const T = 1_800_000_000_000;

/** Keeps a copy, as a browser does. */
class MemoryStore implements Store {
  kept: Kept | null = null;
  read = async () => structuredClone(this.kept);
  write = (kept: Kept) => void (this.kept = structuredClone(kept));
}

let fake: FakeClient;
let store: MemoryStore;
let ends: (() => void)[] = [];

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'requestAnimationFrame', 'Date', 'clearTimeout', 'clearInterval'], now: T });
  store = new MemoryStore();
});
afterEach(() => {
  for (const end of ends) end();
  ends = [];
  vi.useRealTimers();
});

/** A page that begins: of a gateway that started then and has this name. */
async function open({ started = 'monday', name = 'plant', kept = store as Store } = {}): Promise<Gateway> {
  for (const end of ends) end();
  ends = [];
  fake = new FakeClient();
  let gateway!: Gateway;
  createRoot((end) => {
    gateway = createGateway(fake.client, kept);
    ends.push(end);
  });
  fake.emit('contact', fake.contact);
  run(started, name);
  await settle();
  return gateway;
}

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const run = (started: string, name: string) => fake.tell([pointOf('$gateway/started', { value: started }), pointOf('$gateway/name', { value: name })]);
const leave = () => dispatchEvent(new Event('pagehide'));
const steps = ({ history }: Gateway, id = 'a') => {
  const track = history.track(id);
  return track && [...track.times].map((time, at) => [time - T, track.values[at]]);
};

test('after a reload the line from before is there, with a gap until the point was told of again', async () => {
  const before = await open();
  before.chosen.choose(['a'], 60_000);
  fake.tell([pointOf('a', { time: T, value: 1 })]);
  await settle(5_000);
  leave();
  await settle(1_000);
  const after = await open();
  expect(after.isRestored()).toBe(true);
  fake.tell([pointOf('a', { time: T, value: 1 })]);
  expect(steps(after)).toEqual([[0, 1], [5_000, NaN], [6_000, 1]]);
});

test('also where the point was told of first', async () => {
  const before = await open();
  before.chosen.choose(['a'], 60_000);
  fake.tell([pointOf('a', { time: T, value: 1 })]);
  await settle(5_000);
  leave();
  await settle(1_000);
  let answer!: () => void;
  const slow: Store = { read: () => new Promise((resolve) => (answer = () => resolve(structuredClone(store.kept)))), write: vi.fn() };
  const after = await open({ kept: slow });
  fake.tell([pointOf('a', { time: T, value: 1 })]);
  await settle(500);
  fake.tell([pointOf('a', { time: T + 6_400, value: 2 })]);
  leave();
  expect(slow.write, 'what was kept is lost').not.toHaveBeenCalled();
  expect(after.isRestored()).toBe(false);
  answer();
  await settle();
  expect(steps(after)).toEqual([[0, 1], [5_000, NaN], [6_000, 1], [6_400, 2]]);
  expect(after.isRestored()).toBe(true);
});

test('where contact was lost meanwhile nothing is known from then on', async () => {
  const before = await open();
  before.chosen.choose(['a'], 60_000);
  fake.tell([pointOf('a', { time: T, value: 1 })]);
  fake.contact = { ...fake.contact, state: 'lost', lastContact: T + 2_000 };
  await settle(5_000);
  leave();
  expect(store.kept?.until).toBe(T + 2_000);
});

test('a page that is left is kept under the gateway\'s time, also where the client hears of that first', async () => {
  const before = await open();
  fake.contact = { ...fake.contact, offsetMs: -60_000 };
  before.chosen.choose(['a'], 60_000);
  fake.tell([pointOf('a', { time: T - 60_000, value: 1 })]);
  await settle(5_000);
  fake.contact = { state: 'lost', lastContact: T + 5_000, offsetMs: -60_000, why: 'the page is not shown' };
  fake.emit('contact', fake.contact);
  leave();
  expect(store.kept?.until).toBe(T - 55_000);
});

test('nothing is taken back from another gateway at the same address, nor from an earlier run', async () => {
  const before = await open();
  before.chosen.choose(['a'], 60_000);
  fake.tell([pointOf('a', { time: T, value: 1 })]);
  leave();
  const { kept } = store;
  for (const other of [{ name: 'another' }, { started: 'tuesday' }]) {
    store.kept = kept;
    const after = await open(other);
    expect([steps(after), after.isRestored()]).toEqual([undefined, true]);
  }
});

test('a gateway that starts again, or another in its place, while the page is open: what was before is not kept as its own', async () => {
  const gateway = await open();
  gateway.chosen.choose(['a'], 60_000);
  fake.tell([pointOf('a', { time: T, value: 1 })]);
  await settle(1_000);
  fake.tell([pointOf('a', { time: T, value: 1, live: false })]);
  await settle(1_000);
  run('tuesday', 'plant');
  fake.tell([pointOf('a', { time: T + 2_500, value: 2 })]);
  leave();
  expect(store.kept?.run).toMatch(/tuesday/);
  expect(store.kept?.lines.flatMap(({ times, values }) => [...times].map((time, at) => [time - T, values[at]]))).toEqual([[2_000, NaN], [2_500, 2]]);
  expect(steps(gateway)?.[0], 'this page knows it still').toEqual([0, 1]);
});

test('it is written at once, when the page is hidden, and every few minutes while it is seen', async () => {
  const write = vi.spyOn(store, 'write');
  const gateway = await open();
  expect(write).toHaveBeenCalledTimes(1);
  gateway.chosen.choose(['a'], 60_000);
  const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(false);
  await settle(WRITE_MS);
  expect(write).toHaveBeenCalledTimes(2);
  hidden.mockReturnValue(true);
  document.dispatchEvent(new Event('visibilitychange'));
  expect(write).toHaveBeenCalledTimes(3);
  await settle(2 * WRITE_MS);
  expect(write).toHaveBeenCalledTimes(3);
  hidden.mockRestore();
});

test('a browser that keeps nothing is no error', async () => {
  for (const denied of [undefined, { open: () => { throw new DOMException('denied', 'SecurityError'); } }]) {
    vi.stubGlobal('indexedDB', denied);
    const gateway = await open({ kept: browserStore() });
    gateway.chosen.choose(['a'], 60_000);
    leave();
    await settle();
    expect(gateway.isRestored()).toBe(true);
    vi.unstubAllGlobals();
  }
});
