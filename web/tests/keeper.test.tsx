import { createRoot } from 'solid-js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Gateway, createGateway } from '../src/live/gateway.js';
import { type Store, WRITE_MS } from '../src/live/keeper.js';
import type { Kept } from '../src/live/kept.js';
import { browserStore } from '../src/live/store.js';
import { FakeClient, pointOf } from './fake.js';

const T = 1_800_000_000_000;

/** Keeps copies, as a browser does: one for each page. */
class MemoryStore implements Store {
  readonly #pages: (Kept | null)[];
  #own = -1;

  constructor(pages: (Kept | null)[]) {
    this.#pages = pages;
  }

  async read() {
    this.#own = this.#pages.push(null) - 1;
    return structuredClone(this.#pages);
  }

  write(kept: Kept) {
    this.#pages[this.#own] = structuredClone(kept);
  }
}

/** What pages kept. */
let pages: (Kept | null)[];
const lastKept = () => pages.findLast((page) => page !== null);
let fake: FakeClient;
let ends: (() => void)[] = [];

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'requestAnimationFrame', 'Date', 'clearTimeout', 'clearInterval'], now: T });
  pages = [];
});
afterEach(() => {
  close();
  vi.useRealTimers();
});

/** A page that begins, `besides` those that are open: of a gateway that started then and has this name. */
async function open({ started = 'monday', name = 'plant', kept = new MemoryStore(pages) as Store, besides = false } = {}): Promise<Gateway> {
  if (!besides) close();
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

function close(): void {
  for (const end of ends) end();
  ends = [];
}

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const run = (started: string, name: string) => fake.tell([pointOf('$gateway/started', { value: started }), pointOf('$gateway/name', { value: name })]);
const leave = () => dispatchEvent(new Event('pagehide'));
/** A page that was told of a point, followed it for five seconds, and was left a second ago. */
async function leftWithLine(): Promise<void> {
  const { chosen } = await open();
  chosen.choose(['a'], 60_000);
  fake.tell([pointOf('a', { time: T, value: 1 })]);
  await settle(5_000);
  leave();
  await settle(1_000);
}
const steps = ({ history }: Gateway, id = 'a') => {
  const track = history.track(id);
  return track && [...track.times].map((time, at) => [time - T, track.values[at]]);
};

test('after a reload the line from before is there, with a gap until the point was told of again', async () => {
  await leftWithLine();
  const after = await open();
  expect(after.isRestored()).toBe(true);
  fake.tell([pointOf('a', { time: T, value: 1 })]);
  expect(steps(after)).toEqual([[0, 1], [5_000, NaN], [6_000, 1]]);
});

test('also where the point was told of first', async () => {
  await leftWithLine();
  let answer!: () => void;
  const slow: Store = { read: () => new Promise((resolve) => (answer = () => resolve(structuredClone(pages)))), write: vi.fn() };
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
  expect(lastKept()?.until).toBe(T + 2_000);
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
  expect(lastKept()?.until).toBe(T - 55_000);
});

test('nothing is taken back from another gateway at the same address, nor from an earlier run', async () => {
  const before = await open();
  before.chosen.choose(['a'], 60_000);
  fake.tell([pointOf('a', { time: T, value: 1 })]);
  leave();
  const left = [...pages];
  for (const other of [{ name: 'another' }, { started: 'tuesday' }]) {
    pages = [...left];
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
  expect(lastKept()?.run).toMatch(/tuesday/);
  expect(lastKept()?.lines.flatMap(({ times, values }) => [...times].map((time, at) => [time - T, values[at]]))).toEqual([[2_000, NaN], [2_500, 2]]);
  expect(steps(gateway)?.[0], 'this page knows it still').toEqual([0, 1]);
});

test('it is written at once, when the page is hidden, and every few minutes while it is seen', async () => {
  const before = await open();
  before.chosen.choose(['a'], 60_000);
  fake.tell([pointOf('a', { time: T, value: 1 })]);
  leave();
  const store = new MemoryStore(pages);
  const write = vi.spyOn(store, 'write');
  await open({ kept: store });
  expect(write).toHaveBeenCalledTimes(1);
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

test('a page writes over nothing that another kept, whether it has chosen nothing or something else', async () => {
  const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(false);
  const stays = await open();
  const goes = await open({ besides: true });
  goes.chosen.choose(['a'], 60_000);
  fake.tell([pointOf('a', { time: T, value: 1 })]);
  await settle(1_000);
  leave();
  ends.pop()?.();
  await settle(WRITE_MS);
  const other = await open({ besides: true });
  expect(steps(other)).toEqual([[0, 1], [1_000, NaN]]);
  other.chosen.choose(['b'], 60_000);
  fake.tell([pointOf('b', { time: T + 310_000, value: 2 })]);
  leave();
  expect(stays.chosen.ids()).toEqual([]);
  const after = await open();
  expect(steps(after)).toEqual([[0, 1], [1_000, NaN]]);
  expect(after.history.track('b')).toBeDefined();
  hidden.mockRestore();
});

test('what was kept goes on from page to page, though they have chosen something else', async () => {
  const before = await open();
  before.chosen.choose(['a'], 60_000);
  fake.tell([pointOf('a', { time: T, value: 1 })]);
  await settle(1_000);
  leave();
  (await open()).chosen.choose(['b'], 60_000);
  for (let count = 0; count < 20; count += 1) {
    await settle(1_000);
    await open();
    leave();
    pages = pages.slice(-1);
  }
  expect(steps(await open())).toEqual([[0, 1], [1_000, NaN]]);
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
