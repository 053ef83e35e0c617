import { afterEach, expect, test, vi } from 'vitest';
import { type Client, connect } from '../src/index.js';
import { OPTIONS, Shown, world } from './model/world.js';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const INFO = { quality: 'good', time: 1, writable: true };

/** A gateway that knows three points, two to a page, and what it was asked. */
async function asked(options: object, act: (client: Client, all: ReturnType<typeof world>) => Promise<void>) {
  const all = world((method, url, body) => {
    if (url.pathname === '/api/v1/writes') {
      const status = body.value === 'wrong' ? 422 : 200;
      return { status, body: status === 200 ? { point: body.point, verdict: 'applied', value: body.value } : { title: 'Out of range', status, detail: 'value: give 0 to 1' } };
    }
    const points = [{ id: 'n/1', value: 7, type: 'u64', ...INFO }, { id: 'n/2', value: 1.5, type: 'f64', ...INFO }, { id: 'n/3', value: '9007199254740993', type: 'i64', ...INFO }];
    if (method === 'POST') return { status: 200, body: { points: points.filter(({ id }) => body.ids.includes(id)) } };
    if (url.searchParams.get('match') === 'bad') return { status: 400, body: { title: 'Bad', status: 400, detail: 'match: no' } };
    const from = Number(url.searchParams.get('cursor') ?? 0);
    return { status: 200, body: { points: points.slice(from, from + 2), cursor: from + 2 < points.length ? String(from + 2) : null } };
  });
  const client = connect({ ...OPTIONS, ...options });
  await act(client, all);
  client.close();
}

const list = async (client: Client) => {
  const found = [];
  for await (const point of client.points(['n/*', 'm'])) found.push(point.value);
  return found;
};

test('points come page by page; wide integers as digits, or as bigints where they are asked for', async () => {
  await asked({ token: 'me' }, async (client, { network }) => {
    expect(await list(client)).toEqual([7, 1.5, '9007199254740993']);
    const [first, second] = network.requests.filter(({ url }) => url.pathname.endsWith('/points'));
    expect([first!.url.search, second!.url.search]).toEqual(['?match=n%2F*%2Cm', '?match=n%2F*%2Cm&cursor=2']);
    expect(first!.headers.get('Authorization')).toBe('Bearer me');
  });
  await asked({ bigint: true }, async (client) => expect(await list(client)).toEqual([7n, 1.5, 9007199254740993n]));
});

test('a watcher gets bigints of points whose type is known', async () => {
  await asked({ bigint: true }, async (client, { gateway, flush }) => {
    gateway.set('n/1', 7);
    gateway.set('n/3', '9007199254740993');
    const shown = new Shown();
    client.watch('n/*', shown.callback);
    await flush();
    expect(shown.values()).toEqual({ 'n/1': 7, 'n/3': '9007199254740993' });
    await client.read(['n/1', 'n/3', 'none']);
    gateway.set('n/1', 8);
    gateway.set('n/3', '-9007199254740995');
    await flush();
    expect(shown.values()).toEqual({ 'n/1': 8n, 'n/3': -9007199254740995n });
  });
});

test('what is refused is thrown as an error that says why', async () => {
  await asked({}, async (client) => {
    await expect(client.points('bad').next()).rejects.toMatchObject({ status: 400, message: 'match: no', detail: 'match: no' });
  });
});

test('a write says what became of it and never throws', async () => {
  await asked({ token: () => Promise.reject(new Error('no token')) }, async (client, { network }) => {
    expect(await client.write('n/3', 9007199254740993n, { deadlineMs: 900 })).toEqual({ ok: true, verdict: 'applied', value: '9007199254740993' });
    expect(network.requests.at(-1)!.body).toEqual({ point: 'n/3', value: '9007199254740993', deadline_ms: 900 });
    expect(await client.write('n/2', 'wrong')).toMatchObject({ ok: false, problem: { status: 422, detail: 'value: give 0 to 1' } });
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
    expect(await client.write('n/2', 1)).toMatchObject({ ok: false, problem: { status: 0, detail: 'TypeError: no network' } });
  });
});
