import { expect, test } from 'vitest';
import { BACKOFF_FIRST_MS, BACKOFF_MOST_MS, backoffMs } from '../src/backoff.js';
import { step, wakeAt } from '../src/connection.js';
import { CONNECT_PATIENCE_MS, type Effect, type Input, SETTLE_MS, type State, initial } from '../src/state.js';
import type { Entry } from '../src/index.js';

const HEARTBEAT_MS = 1_000;
const entries = (...matches: string[]): Entry[] => matches.map((match) => ({ match }));

/** A connection driven by hand: `run` feeds an input at a time and keeps what is to be done. */
class Driven {
  now = 0;
  state: State = initial(HEARTBEAT_MS);
  effects: Effect[] = [];

  constructor(...matches: string[]) {
    this.run({ type: 'want', entries: entries(...(matches.length > 0 ? matches : ['a/**'])) });
    this.run({ type: 'start' });
  }

  run(input: Input, after = 0): this {
    this.now += after;
    const { state, effects } = step(this.state, input, this.now, 0.5);
    this.state = state;
    this.effects = effects;
    return this;
  }

  event(name: string, data: object = {}, id = '', after = 0): this {
    return this.run({ type: 'event', name, data, id }, after);
  }

  connect(more: object = {}, id = 'c.e.1.1'): this {
    const data = { client: 'c', resumed: false, reset: null, selection: 'query', revision: 1, heartbeat_ms: HEARTBEAT_MS, catalog: 7 };
    return this.event('connect', { ...data, ...more }, id);
  }

  kept(revision = 1, id = 'c.e.5.1'): this {
    return this.connect({ resumed: true, selection: 'kept', revision }, id);
  }

  live(): this {
    return this.connect().event('subscribed', { revision: 1, count: 1 }).event('points', { points: [], snapshot: 1 }, 'c.e.5.1');
  }

  told(status: number, body: object = {}): this {
    return this.run({ type: 'told', ticket: this.state.telling!.ticket, status, body });
  }

  did(...expected: string[]): this {
    expect(this.effects.map((effect) => effect.do)).toEqual(expected);
    return this;
  }

  is(phase: State['phase']): this {
    expect(this.state.phase).toBe(phase);
    return this;
  }
}

test('it opens with what is wanted and becomes live with the last frame of the snapshot', () => {
  const one = new Driven().is('connecting').did('open');
  expect(one.effects[0]).toEqual({ do: 'open', matches: ['a/**'], lastId: '' });
  one.connect().is('catching').did('drop', 'catalog');
  one.event('subscribed', { revision: 1, count: 2 }).is('catching');
  one.event('points', { points: [], snapshot: 1, more: true }, 'c.e.2.0').is('catching').did('apply');
  one.event('points', { points: [], snapshot: 1 }, 'c.e.3.1').is('live').did('apply', 'sweep');
  expect(one.state.lastId).toBe('c.e.3.1');
});

test('an empty selection is live at once, a quiet resume with the first heartbeat', () => {
  new Driven().connect().event('subscribed', { revision: 1, count: 0 }).is('live');
  new Driven().live().run({ type: 'ended', retryMs: 0 }).run({ type: 'wake' }, BACKOFF_FIRST_MS).kept().is('catching').did()
    .event('heartbeat', { time: 9, heartbeat_ms: HEARTBEAT_MS }).is('live').did('stamp');
});

test('a resume of many frames is whole when the position moves, and not with a snapshot', () => {
  new Driven().live().run({ type: 'check', slept: true }, SETTLE_MS).kept()
    .event('points', { points: [] }, 'c.e.5.1').is('catching')
    .event('points', { points: [], snapshot: 1 }, 'c.e.5.1').is('catching')
    .event('removed', { points: ['a/c'] }, 'c.e.9.1').is('live').did('forget');
});

test('silence for twice the heartbeat is death: a new stream at once, from the last id', () => {
  const one = new Driven().live();
  expect(wakeAt(one.state)).toBe(2 * HEARTBEAT_MS);
  one.run({ type: 'wake' }, 2 * HEARTBEAT_MS - 1).is('live').did();
  one.event('heartbeat', { time: 9, heartbeat_ms: HEARTBEAT_MS }, 'c.e.6.1');
  one.run({ type: 'wake' }, 2 * HEARTBEAT_MS).is('connecting').did('close', 'open');
  expect(one.effects[1]).toMatchObject({ lastId: 'c.e.6.1' });
  one.run({ type: 'wake' }, CONNECT_PATIENCE_MS).is('waiting').did('close');
});

test('any kind of event is a sign of life', () => {
  for (const name of ['subscribed', 'catalog', 'removed', 'notice', 'drain', 'unknown']) {
    const one = new Driven().live().event(name, { points: [], revision: 1, count: 1, generation: 7 }, '', 1_500);
    expect(wakeAt(one.state), name).toBe(1_500 + 2 * HEARTBEAT_MS);
  }
});

test('failures in a row wait longer and longer, with jitter; the gateway\'s own wait counts too', () => {
  const one = new Driven().live();
  const waits: number[] = [];
  for (let failure = 0; failure < 9; failure += 1) {
    one.run({ type: 'ended', retryMs: failure === 0 ? 2_000 : 0 }).is('waiting').did('close');
    waits.push(one.state.openAt! - one.now);
    one.run({ type: 'wake' }, waits.at(-1)).is('connecting').did('open');
  }
  expect(waits[0]).toBe(2_000);
  expect(waits.slice(1)).toEqual([...waits.slice(1)].sort((a, b) => a - b));
  expect(waits.at(-1)).toBeLessThanOrEqual(BACKOFF_MOST_MS);
  expect([backoffMs(0, 0), backoffMs(0, 1), backoffMs(99, 1)]).toEqual([BACKOFF_FIRST_MS / 2, BACKOFF_FIRST_MS, BACKOFF_MOST_MS]);
  one.kept().event('heartbeat', { time: 1, heartbeat_ms: HEARTBEAT_MS }).run({ type: 'ended', retryMs: 0 });
  expect(one.state.openAt! - one.now, 'a stream that worked starts patience anew').toBe(backoffMs(0, 0.5));
});

test('many that say the machine slept open one stream, not many', () => {
  new Driven().live().run({ type: 'check', slept: true }, SETTLE_MS).did('close', 'open')
    .run({ type: 'check', slept: true }, 900).did().kept().run({ type: 'check', slept: true }, 900).did().is('catching');
});

test('who looks while the next try is waited for need not wait', () => {
  new Driven().live().run({ type: 'ended', retryMs: 2_000 }).run({ type: 'check', slept: false }).did('close', 'open').is('connecting');
});

test('a reset drops everything and asks for metadata again; a resume does neither', () => {
  new Driven().live().run({ type: 'check', slept: true }, SETTLE_MS).connect({ reset: 'restart', client: 'd' }, 'd.f.1.0').did('drop', 'catalog');
  new Driven().live().run({ type: 'check', slept: true }, SETTLE_MS).kept().did();
});

test('a change of selection goes over the open stream, one at a time, with the revision it is made for', () => {
  const one = new Driven().live().run({ type: 'want', entries: entries('a/**', 'b') }).did('tell').is('live');
  expect(one.effects[0]).toMatchObject({ client: 'c', method: 'PATCH', revision: 1, body: { add: [{ match: 'b' }], remove: [] } });
  one.run({ type: 'want', entries: entries('b', 'c') }).did();
  one.event('subscribed', { revision: 2, count: 1 }).did('keep');
  expect(one.effects[0]).toEqual({ do: 'keep', selections: [['a/**', 'b']] });
  one.told(200, { revision: 2 }).did('tell');
  expect(one.effects[0]).toMatchObject({ method: 'PATCH', revision: 2, body: { add: [{ match: 'c' }], remove: ['a/**'] } });
});

test('values stay good only of what was in every selection that was passed over', () => {
  const one = new Driven().live().run({ type: 'want', entries: entries('b') }).told(200, { revision: 2 }).did();
  one.run({ type: 'want', entries: entries('a/**', 'b') }).told(200, { revision: 3 });
  one.event('subscribed', { revision: 3, count: 1 }).did('keep');
  expect(one.effects[0]).toEqual({ do: 'keep', selections: [['b'], ['b', 'a/**']] });
});

test('a selection that nobody here made voids everything and is replaced', () => {
  const one = new Driven().live().event('subscribed', { revision: 2, count: 1 }).did('keep', 'tell');
  expect(one.effects).toMatchObject([{ selections: [[]] }, { method: 'PUT', revision: 0, body: { points: [{ match: 'a/**' }] } }]);
});

test('a change that was not answered is told again as a whole, and nothing is taken for granted meanwhile', () => {
  const one = new Driven().live().run({ type: 'want', entries: entries('b') }).told(0).did();
  const wait = wakeAt(one.state) - one.now;
  expect(wait).toBeLessThanOrEqual(BACKOFF_FIRST_MS);
  one.run({ type: 'wake' }, wait).did('tell');
  expect(one.effects[0]).toMatchObject({ method: 'PUT', body: { points: [{ match: 'b' }] } });
  one.event('subscribed', { revision: 2, count: 1 }).did('keep');
  expect(one.effects[0]).toEqual({ do: 'keep', selections: [[]] });
});

test('a conflict is told as a whole; too often, the same again later; a refusal costs what it names', () => {
  const one = new Driven().live().run({ type: 'want', entries: entries('a/**', 'b', 'c') }).told(412).did('tell');
  expect(one.effects[0]).toMatchObject({ method: 'PUT' });
  one.told(200, { revision: 2 });
  one.run({ type: 'want', entries: entries('a/**', 'b', 'c', 'd', 'e') }).told(429).did();
  one.run({ type: 'wake' }, BACKOFF_FIRST_MS).did('tell');
  expect(one.effects[0]).toMatchObject({ method: 'PATCH', revision: 2, body: { add: [{ match: 'd' }, { match: 'e' }] } });
  one.told(400, { detail: 'no', errors: [{ field: 'add[1].match', detail: 'not e' }] }).did('refused', 'tell');
  expect(one.effects).toMatchObject([{ refusals: [{ match: 'e', why: 'not e' }] }, { body: { add: [{ match: 'd' }] } }]);
  one.told(200, { revision: 3, entries: [{ match: 'd', status: 'limit' }] }).did('refused');
  one.run({ type: 'want', entries: entries('e') }).run({ type: 'want', entries: entries('a/**', 'b', 'c', 'd', 'e') });
  expect(one.state.refused, 'wanted all the time').toEqual(['e']);
});

test('a pattern with a wish keeps its place among others by a PUT', () => {
  const one = new Driven().live().run({ type: 'want', entries: [{ match: 'a/b/*', interval_ms: 500 }, { match: 'a/**' }] }).did('tell');
  expect(one.effects[0]).toMatchObject({ method: 'PUT', body: { points: [{ match: 'a/b/*', interval_ms: 500 }, { match: 'a/**' }] } });
});

test('an unknown client starts anew; a late answer to an earlier one means nothing', () => {
  const one = new Driven().live().run({ type: 'want', entries: entries('b') });
  const { ticket } = one.state.telling!;
  one.told(404).did('drop', 'close').is('waiting').run({ type: 'wake' }, BACKOFF_FIRST_MS).did('open');
  expect(one.effects[0]).toEqual({ do: 'open', matches: ['b'], lastId: '' });
  one.connect({ client: 'd' }, 'd.e.1.0').run({ type: 'told', ticket, status: 404, body: {} }).did().is('catching');
});

test('an address that is found fault with is asked for without its selection, which is told after', () => {
  const one = new Driven().run({ type: 'refused', status: 400, why: 'points: no', retryMs: 0 }).is('waiting').run({ type: 'wake' }, BACKOFF_FIRST_MS);
  expect(one.effects[0]).toEqual({ do: 'open', matches: [], lastId: '' });
  one.connect({ selection: 'empty', revision: 0 }).did('drop', 'catalog', 'tell');
});

test('another tab goes on where one ended, and tells anew what may have been told', () => {
  const one = new Driven().live().run({ type: 'want', entries: entries('b') });
  one.run({ type: 'takeOver' }).did('open').is('connecting');
  expect(one.effects[0]).toMatchObject({ lastId: 'c.e.5.1' });
  one.kept(2).did('keep', 'tell');
  expect(one.effects).toMatchObject([{ selections: [[]] }, { method: 'PUT', body: { points: [{ match: 'b' }] } }]);
});

test('a step changes no state it was given', () => {
  const before = Object.freeze(initial(HEARTBEAT_MS));
  const { state } = step(before, { type: 'start' }, 0);
  expect(state).not.toBe(before);
  expect(before.phase).toBe('closed');
});
