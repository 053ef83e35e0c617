import { afterEach, expect, test, vi } from 'vitest';
import { connect } from '../src/index.js';
import { SETTLE_MS } from '../src/state.js';
import { HEARTBEAT_MS, OPTIONS, Shown, world } from './model/world.js';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A world with points `a/1` to `a/3` and `b/1`, and a client that is live with `a/**`. */
async function live(options: object = {}) {
  const all = world();
  for (const id of ['a/1', 'a/2', 'a/3', 'b/1']) all.gateway.set(id, 1);
  const client = connect({ ...OPTIONS, ...options });
  const shown = new Shown();
  const watch = client.watch('a/**', shown.callback);
  await all.flush();
  return { ...all, client, shown, watch };
}

test('the first values come with the address, in one stream, and all is live', async () => {
  const { client, shown, gateway, network } = await live();
  expect(client.state).toBe('live');
  expect(shown.live).toEqual(['a/1', 'a/2', 'a/3']);
  expect(network.requests.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual(['GET /api/v1/stream']);
  expect(network.requests[0]!.url.searchParams.get('points')).toBe('a/**');
  expect(gateway.opened).toBe(1);
});

test('a point is what the contract says, in both forms', async () => {
  for (const compact of [true, false]) {
    const { shown, gateway, flush, client } = await live({ compact });
    gateway.set('a/1', null, 'no_communication');
    gateway.set('a/2', 7, 'stale');
    gateway.set('a/3', 'text');
    await flush();
    const since = (id: string) => (compact ? {} : { since: gateway.points.get(id)!.time });
    expect(shown.points.get('a/1')).toEqual({ id: 'a/1', value: null, quality: 'bad', reason: 'no_communication', time: 1_000_005, live: true, ...since('a/1') });
    expect(shown.points.get('a/2')).toEqual({ id: 'a/2', value: 7, quality: 'uncertain', reason: 'stale', time: 1_000_006, live: true, ...since('a/2') });
    expect(shown.points.get('a/3')).toEqual({ id: 'a/3', value: 'text', quality: 'good', time: 1_000_007, live: true });
    client.close();
  }
});

test('two watches of one point are one selection, and the later one has its value at once', async () => {
  const { client, shown, gateway, flush, pass, watch } = await live();
  const [second, third] = [new Shown(), new Shown()];
  const other = client.watch('a/1', second.callback);
  client.watch('a/**', third.callback);
  await pass();
  expect(second.live).toEqual(['a/1']);
  expect(third.live).toEqual(['a/1', 'a/2', 'a/3']);
  expect(gateway.edits).toEqual([]);
  watch.close();
  watch.close();
  await flush();
  expect(gateway.edits).toEqual([]);
  gateway.set('a/1', 2);
  await flush();
  expect([shown.values()['a/1'], second.values()['a/1'], third.values()['a/1']]).toEqual([1, 2, 2]);
  other.close();
  await flush();
  expect(gateway.edits).toEqual([]);
});

test('what nobody watches any more is taken out of the selection, and comes anew', async () => {
  const { client, gateway, flush, watch } = await live();
  const shown = new Shown();
  client.watch('b/1', shown.callback);
  await flush();
  watch.close();
  await flush();
  expect(gateway.edits.map(({ body }) => body)).toEqual([{ add: [{ match: 'b/1' }], remove: [] }, { add: [], remove: ['a/**'] }]);
  gateway.set('a/1', 9);
  const again = new Shown();
  client.watch('a/*', again.callback);
  await flush();
  expect(again.values()).toEqual({ 'a/1': 9, 'a/2': 1, 'a/3': 1 });
  expect(gateway.opened).toBe(1);
});

test('many changes in one go are one change of the selection, one at a time', async () => {
  const { client, network, gateway, flush, pass } = await live();
  network.delayMs = 50;
  for (const id of ['b/1', 'b/2', 'b/3']) client.watch(id, () => {});
  await pass();
  client.watch('c/1', () => {});
  client.watch('c/2', () => {});
  await pass(40);
  expect(network.requests.length).toBe(2);
  await pass(200);
  await flush();
  const added = gateway.edits.map(({ body }) => body.add.map(({ match }: { match: string }) => match));
  expect(added).toEqual([['b/1', 'b/2', 'b/3'], ['c/1', 'c/2']]);
});

test('the points of one frame come in one call', async () => {
  const { shown, gateway, flush } = await live();
  shown.calls.length = 0;
  gateway.set('a/1', 2);
  gateway.set('a/2', 2);
  await flush();
  expect(shown.calls.map(({ points }) => points.map(({ id }) => id))).toEqual([['a/1', 'a/2']]);
});

test('a cut is told to every watcher at once, with the last values, and a resume makes up for it', async () => {
  const { client, shown, network, gateway, flush, pass } = await live();
  network.fate.open = 'lost before';
  network.cut(true);
  gateway.set('a/2', 5);
  await pass();
  expect(client.state).toBe('lost');
  expect(shown.live).toEqual([]);
  expect(shown.values()).toEqual({ 'a/1': 1, 'a/2': 1, 'a/3': 1 });
  network.fate.open = 'well';
  await pass(5_000);
  expect(client.state).toBe('behind');
  expect(shown.live).toEqual([]);
  await flush();
  expect(client.state).toBe('live');
  expect(shown.live).toEqual(['a/1', 'a/2', 'a/3']);
  expect(shown.values()).toEqual({ 'a/1': 1, 'a/2': 5, 'a/3': 1 });
  expect(network.requests.at(-1)!.headers.get('Last-Event-ID')).toMatch(/^c1\.1\.\d+\.1$/);
});

test('silence for two heartbeats is lost contact', async () => {
  const { client, shown, gateway, pass, flush } = await live();
  const since = Date.now();
  expect(client.contact.lastContact).toBeGreaterThan(since - 10);
  gateway.silent = true;
  await pass(2 * HEARTBEAT_MS - 10);
  expect(client.state).toBe('live');
  await pass(20);
  expect(client.contact).toMatchObject({ state: 'lost', why: 'the gateway is silent' });
  expect(shown.live).toEqual([]);
  gateway.silent = false;
  await pass(20_000);
  await flush();
  expect(client.state).toBe('live');
});

test('heartbeats alone keep it live, and tell the gateway\'s clock', async () => {
  const { client, pass } = await live();
  await pass(20 * HEARTBEAT_MS);
  expect(client.contact).toMatchObject({ state: 'live', offsetMs: 0, why: null });
});

test('a page that gives its engine up still knows the gateway\'s clock', async () => {
  const page = new EventTarget();
  vi.stubGlobal('document', page);
  vi.stubGlobal('addEventListener', () => {});
  const { client, pass } = await live();
  await pass(2 * HEARTBEAT_MS);
  const contacts: [string, number | null][] = [];
  client.on('contact', ({ state, offsetMs }) => contacts.push([state, offsetMs]));
  page.dispatchEvent(new Event('freeze'));
  expect(contacts).toEqual([['lost', 0]]);
  page.dispatchEvent(new Event('resume'));
  expect(client.contact).toMatchObject({ state: 'lost', offsetMs: 0 });
  client.close();
});

test('a restart drops everything, and what is there then comes', async () => {
  const { client, shown, gateway, pass, flush } = await live();
  gateway.restart();
  gateway.points.delete('a/3');
  gateway.set('a/1', 8);
  await pass(2_000);
  await flush();
  expect(client.state).toBe('live');
  expect(shown.values()).toEqual({ 'a/1': 8, 'a/2': 1 });
  expect(shown.live).toEqual(['a/1', 'a/2']);
});

test('removed points are told and forgotten; names that changed are told', async () => {
  const { client, shown, gateway, flush } = await live();
  const generations: number[] = [];
  client.on('catalog', (generation) => generations.push(generation));
  gateway.remove('a/2');
  gateway.renew();
  await flush();
  expect(shown.calls.at(-1)!.removed).toEqual(['a/2']);
  expect([...shown.points.keys()]).toEqual(['a/1', 'a/3']);
  expect(generations).toEqual([2]);
});

test('a notice is told once, and again after a restart only if it is another', async () => {
  const { client, gateway, network, flush, pass } = await live();
  const texts: string[] = [];
  const off = client.on('notice', ({ text }) => texts.push(text));
  gateway.notice('one');
  gateway.notices = 0;
  gateway.notice('one again');
  await flush();
  expect(texts).toEqual(['one']);
  gateway.restart();
  await pass(2_000);
  gateway.notice('two');
  await flush();
  expect(texts).toEqual(['one', 'two']);
  off();
  gateway.notice('three');
  await flush();
  expect(texts).toEqual(['one', 'two']);
  expect(network.requests.length).toBe(2);
});

test('a session that another connection took is followed by a new one', async () => {
  const { client, shown, gateway, pass, flush } = await live();
  const reasons: (string | null)[] = [];
  client.on('contact', ({ why }) => reasons.push(why));
  const [session] = gateway.sessions.values();
  gateway.open(new URLSearchParams(), `${session!.client}.1.1.1`, () => {}, () => {});
  await pass();
  expect(shown.live).toEqual([]);
  expect(reasons).toEqual(['another connection took the session over']);
  await pass(2_000);
  await flush();
  expect(client.state).toBe('live');
  expect(gateway.sessions.size).toBe(2);
});

test('a refusal is waited out as long as the gateway asks, and told', async () => {
  const all = world();
  all.network.fate.open = 'busy';
  const client = connect(OPTIONS);
  await all.pass();
  expect(client.contact).toMatchObject({ state: 'lost', why: 'too many streams', lastContact: null });
  await all.pass(2_900);
  expect(all.network.requests.length).toBe(1);
  await all.pass(200);
  expect(all.network.requests.length).toBe(2);
});

test('a refused entry costs itself alone', async () => {
  const { client, gateway, flush } = await live();
  const refused: string[] = [];
  client.on('refused', ({ match }) => refused.push(match));
  const shown = new Shown();
  const bad = client.watch(['b/1', 'b/bad'], shown.callback);
  await flush();
  await flush();
  expect(refused).toEqual(['b/bad']);
  expect(shown.live).toEqual(['b/1']);
  expect(gateway.edits.length).toBe(2);
  bad.close();
  await flush();
  expect(gateway.edits.at(-1)!.body).toEqual({ add: [], remove: ['b/1'] });
});

test('a token is asked for before each connection, and used for all that is asked', async () => {
  let count = 0;
  const { network, client, pass } = await live({ token: async () => `t${(count += 1)}` });
  expect(network.requests[0]!.url.searchParams.get('token')).toBe('t1');
  client.watch('b/1', () => {});
  await pass();
  expect(network.requests[1]!.headers.get('Authorization')).toBe('Bearer t1');
  network.cut();
  await pass(2_000);
  expect(network.requests[2]!.url.searchParams.get('token')).toBe('t2');
});

test('a watcher that throws costs the others nothing', async () => {
  const { client, gateway, flush } = await live();
  const thrown = vi.fn();
  vi.stubGlobal('queueMicrotask', (act: () => void) => void Promise.resolve().then(act).catch(thrown));
  const shown = new Shown();
  client.watch('a/1', () => {
    throw new Error('mine');
  });
  client.watch('a/1', shown.callback);
  gateway.set('a/1', 3);
  await flush();
  expect(shown.values()).toEqual({ 'a/1': 3 });
  expect(thrown).toHaveBeenCalledWith(new Error('mine'));
});

test('what is no id or pattern is refused where it is written', () => {
  world();
  const client = connect(OPTIONS);
  expect(() => client.watch('a//b', () => {})).toThrow(/“a\/\/b” has a segment “”/);
  expect(() => client.watch([{ match: '**/a' }], () => {})).toThrow(TypeError);
  client.close();
});

test('closing ends the stream and every call', async () => {
  const { client, shown, gateway, pass, network } = await live();
  shown.calls.length = 0;
  client.close();
  await pass(60_000);
  expect(gateway.wires.size).toBe(0);
  expect(shown.calls).toEqual([]);
  expect(client.state).toBe('lost');
  expect(network.requests.length).toBe(1);
});

test('a clock that jumps is a connection that cannot be trusted', async () => {
  const { client, shown, gateway, pass, flush } = await live();
  await pass(SETTLE_MS);
  vi.setSystemTime(Date.now() + 3_600_000);
  gateway.set('a/1', 4);
  await pass(1_001);
  expect(gateway.opened).toBe(2);
  expect(client.state).toBe('behind');
  expect(shown.live).toEqual([]);
  await flush();
  expect(shown.values()['a/1']).toBe(4);
  expect(shown.live).toEqual(['a/1', 'a/2', 'a/3']);
});

test('the gateway\'s clock is told anew with each connection, and its becoming known is told', async () => {
  const { client, network, pass } = await live();
  const contacts: [string, number | null][] = [];
  client.on('contact', ({ state, offsetMs }) => contacts.push([state, offsetMs]));
  await pass(2 * HEARTBEAT_MS);
  expect(contacts).toEqual([['live', 0]]);
  network.cut();
  await pass(2_000);
  await pass(2 * HEARTBEAT_MS);
  expect(contacts).toEqual([['live', 0], ['lost', 0], ['behind', null], ['live', 0]]);
  client.close();
});

test('more than fits into an address is told after the opening, in parts', async () => {
  const { gateway, flush, pass } = world();
  const ids = Array.from({ length: 4_500 }, (_, at) => `m/${at}`);
  for (const id of ids) gateway.set(id, 1);
  const client = connect(OPTIONS);
  const shown = new Shown();
  client.watch(ids, shown.callback);
  await pass(10);
  await flush();
  expect(gateway.edits.map(({ method, body }) => [method, (body.points ?? body.add).length])).toEqual([['PATCH', 2_000], ['PATCH', 2_000], ['PATCH', 500]]);
  expect(shown.live.length).toBe(4_500);
  client.close();
});
