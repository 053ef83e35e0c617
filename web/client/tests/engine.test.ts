import { expect, test } from 'vitest';
import { Engine, type Io, LEASE_MS, type Said, TOKEN_PATIENCE_MS } from '../src/engine.js';
import type { Listener } from '../src/stream.js';

/** An engine whose clock, timers and stream are the test's. */
function driven() {
  let now = 0;
  const timers = new Map<number, { at: number; then: () => void }>();
  let made = 0;
  const opened: { url: URL; on: Listener }[] = [];
  const io: Io = {
    now: () => now,
    wall: () => now,
    random: () => 0.5,
    after(ms, then) {
      const name = (made += 1);
      timers.set(name, { at: now + ms, then });
      return () => void timers.delete(name);
    },
    open(url, _, on) {
      opened.push({ url: new URL(url), on });
      return () => {};
    },
    call: async () => ({ status: 200, body: { revision: 2 } }),
  };
  const engine = new Engine({ base: 'http://gateway.test/api/v1', compact: false, heartbeatMs: 1_000, intervalMs: 0 }, io);
  engine.lead();
  return {
    engine,
    opened,
    async pass(ms: number) {
      await new Promise(setImmediate);
      for (const end = now + ms; ; ) {
        const due = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
        if (!due) return void (now = end);
        timers.delete(due[0]);
        now = Math.max(now, due[1].at);
        due[1].then();
        await new Promise(setImmediate);
      }
    },
    event(name: string, data: object, id = '') {
      opened.at(-1)!.on.event(name, data, id);
    },
  };
}

const CONNECT = { client: 'c', resumed: false, reset: null, selection: 'query', revision: 1, heartbeat_ms: 1_000, catalog: 1 };
const point = (id: string, value: number) => ({ id, value, quality: 'good', time: 1 });

test('a reader that is silent for its lease is forgotten, told so when it speaks, and then gets all there is', async () => {
  const { engine, pass, event } = driven();
  const [one, two]: [Said[], Said[]] = [[], []];
  engine.hear('one', { ask: 'watch', entries: [{ match: 'a/*' }], auth: false }, (said) => one.push(said));
  engine.hear('two', { ask: 'watch', entries: [{ match: 'a/1' }], auth: false }, (said) => two.push(said));
  await pass(1);
  event('connect', CONNECT, 'c.e.0.0');
  event('points', { points: [point('a/1', 1), point('a/2', 1)], snapshot: 1 }, 'c.e.1.1');
  expect(one.at(-1)!.points!.map(({ id }) => id)).toEqual(['a/1', 'a/2']);
  expect(two.at(-1)!.points!.map(({ id }) => id)).toEqual(['a/1']);
  // Events alone, as on a busy gateway: no timer of the engine's own ever comes to its end.
  for (let at = 0; at < LEASE_MS * 1.5; at += 500) {
    await pass(500);
    event('heartbeat', { time: 1, heartbeat_ms: 1_000 }, 'c.e.2.1');
    if (at % 10_000 === 0) engine.hear('one', { ask: 'beat' });
  }
  two.length = 0;
  event('points', { points: [point('a/1', 2)] }, 'c.e.3.1');
  expect(two).toEqual([]);
  expect(one.at(-1)!.points!.length).toBe(1);
  engine.hear('two', { ask: 'beat' }, (said) => two.push(said));
  expect(two).toMatchObject([{ who: true }]);
  engine.hear('two', { ask: 'watch', entries: [{ match: 'a/1' }], auth: false }, (said) => two.push(said));
  expect(two.at(-1)).toMatchObject({ points: [{ id: 'a/1', value: 2 }], sweep: true });
});

test('each reader hears of contact at least once a second, as long as there is any', async () => {
  const { engine, pass, event } = driven();
  const heard: Said[] = [];
  engine.hear('idle', { ask: 'watch', entries: [{ match: 'never' }], auth: false }, (said) => heard.push(said));
  await pass(1);
  event('connect', CONNECT, 'c.e.0.0');
  heard.length = 0;
  for (let at = 0; at < 10; at += 1) {
    await pass(300);
    event('points', { points: [point('a/1', at)] }, `c.e.${at}.1`);
  }
  expect(heard.length).toBeGreaterThanOrEqual(2);
  expect(heard.every(({ points }) => points === undefined)).toBe(true);
});

test('any reader may give the token; none is waited for for ever', async () => {
  const { engine, pass, opened } = driven();
  const asked: number[] = [];
  const say = (said: Said) => said.token !== undefined && asked.push(said.token);
  engine.hear('dumb', { ask: 'watch', entries: [], auth: false }, say);
  await pass(1);
  expect(opened.length, 'nobody can give one').toBe(1);
  engine.hear('dumb', { ask: 'bye' });
  engine.hear('one', { ask: 'watch', entries: [], auth: true }, say);
  await pass(1);
  expect(asked.length).toBe(1);
  engine.hear('one', { ask: 'token', ticket: asked[0]! + 1, token: 'wrong' });
  await pass(1);
  expect(opened.length).toBe(1);
  engine.hear('one', { ask: 'token', ticket: asked[0]!, token: 'right' });
  await pass(1);
  expect(opened.at(-1)!.url.searchParams.get('token')).toBe('right');
  opened.at(-1)!.on.end(0);
  await pass(1_000);
  const before = opened.length;
  await pass(TOKEN_PATIENCE_MS + 1);
  expect(opened.length).toBe(before + 1);
  expect(opened.at(-1)!.url.searchParams.get('token')).toBeNull();
});
