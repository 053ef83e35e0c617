import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BACKOFF_FIRST_MS, BACKOFF_MOST_MS, CONNECT_PATIENCE_MS, backoffMs, initial, isLive, step, wakeAt } from '../connection.js';

const HEARTBEAT_MS = 1_000;

/** A connection driven by hand: `run` feeds an input at a time and collects what is to be done. */
class Driven {
  now = 0;
  effects = [];
  constructor(wanted = ['a/**']) {
    this.state = initial(wanted);
    this.run({ type: 'start' });
  }
  run(input, after = 0) {
    this.now += after;
    const { state, effects } = step(this.state, input, this.now, 0.5);
    this.state = state;
    this.effects = effects;
    return this;
  }
  event(name, data = {}, id = '', after = 0) {
    return this.run({ type: 'event', name, data, id }, after);
  }
  connect(more = {}, id = 'c.e.1.1') {
    const data = { client: 'c', resumed: false, reset: null, selection: 'query', revision: 1, heartbeat_ms: HEARTBEAT_MS, catalog: 7 };
    return this.event('connect', { ...data, ...more }, id);
  }
  live() {
    return this.connect().event('subscribed', { revision: 1, count: 1 }).event('points', { points: [{ id: 'a/b' }], snapshot: 1 }, 'c.e.5.1');
  }
  did(...expected) {
    assert.deepEqual(this.effects.map((effect) => effect.do), expected);
    return this;
  }
  is(phase) {
    assert.equal(this.state.phase, phase);
    return this;
  }
}

test('it opens with what is wanted and becomes live with the last frame of the snapshot', () => {
  const page = new Driven().is('connecting').did('open');
  assert.deepEqual(page.effects[0], { do: 'open', points: ['a/**'], lastId: '' });
  page.connect().is('catching').did('drop', 'catalog');
  page.event('subscribed', { revision: 1, count: 2 }).is('catching');
  page.event('points', { points: [1], snapshot: 1, more: true }, 'c.e.2.0').is('catching').did('apply');
  assert.equal(isLive(page.state, 1), true, 'what came with this connection is live');
  assert.equal(isLive(page.state, 0), false, 'what came before is not yet');
  page.event('points', { points: [2], snapshot: 1 }, 'c.e.3.1').is('live');
  assert.equal(page.state.lastId, 'c.e.3.1');
});

test('an empty selection is live at once, a quiet resume with the first heartbeat', () => {
  new Driven().connect().event('subscribed', { revision: 1, count: 0 }).is('live');
  const page = new Driven().live().run({ type: 'error', closed: false });
  page.connect({ resumed: true, selection: 'kept' }).is('catching').did();
  assert.equal(isLive(page.state, 1), false, 'a value held from before may be out of date');
  page.event('heartbeat', { time: 9, heartbeat_ms: HEARTBEAT_MS }).is('live').did('stamp');
  assert.equal(isLive(page.state, 1), true);
});

test('a resume of many frames is whole when the position moves', () => {
  const page = new Driven().live().run({ type: 'error', closed: false });
  page.connect({ resumed: true, selection: 'kept' }, 'c.e.5.1').is('catching');
  page.event('points', { points: [{ id: 'a/c' }] }, 'c.e.5.1').is('catching');
  assert.equal(isLive(page.state, 2), true);
  page.event('points', { points: [{ id: 'a/d' }] }, 'c.e.9.1').is('live');
});

test('silence for twice the heartbeat is death: grey, and a new stream from the last id', () => {
  const page = new Driven().live();
  assert.equal(wakeAt(page.state), 2 * HEARTBEAT_MS);
  page.run({ type: 'wake' }, 2 * HEARTBEAT_MS - 1).is('live').did();
  page.event('heartbeat', { time: 9, heartbeat_ms: HEARTBEAT_MS }, 'c.e.6.1');
  page.run({ type: 'wake' }, 2 * HEARTBEAT_MS).is('connecting').did('close', 'open');
  assert.equal(page.effects[1].lastId, 'c.e.6.1');
});

test('any kind of event is a sign of life', () => {
  for (const name of ['subscribed', 'catalog', 'removed', 'notice', 'drain']) {
    const page = new Driven().live().event(name, { points: [], revision: 1, count: 1, generation: 7 }, '', 1_500);
    assert.equal(wakeAt(page.state), 1_500 + 2 * HEARTBEAT_MS, name);
  }
});

test('a native reconnect is left to the browser, within patience', () => {
  const page = new Driven().live().run({ type: 'error', closed: false }).is('connecting').did();
  page.run({ type: 'error', closed: false }, CONNECT_PATIENCE_MS - 1).did();
  page.run({ type: 'wake' }, CONNECT_PATIENCE_MS - 1).did();
  page.run({ type: 'wake' }, 1).did('close', 'open').is('connecting');
});

test('a stream closed for good is made anew with growing, jittered patience', () => {
  const page = new Driven().live();
  const waits = [];
  for (let failure = 0; failure < 9; failure += 1) {
    page.run({ type: 'error', closed: true }).is('waiting').did('close');
    waits.push(page.state.openAt - page.now);
    page.run({ type: 'wake' }, waits.at(-1)).is('connecting').did('open');
    assert.equal(page.effects[0].lastId, 'c.e.5.1');
  }
  assert.ok(waits.every((wait, at) => at === 0 || wait >= waits[at - 1]), String(waits));
  assert.ok(waits.at(-1) > waits[0] && waits.at(-1) <= BACKOFF_MOST_MS);
  assert.equal(backoffMs(0, 0), BACKOFF_FIRST_MS / 2);
  assert.equal(backoffMs(0, 1), BACKOFF_FIRST_MS);
  assert.equal(backoffMs(99, 1), BACKOFF_MOST_MS);
  page.live().run({ type: 'error', closed: true });
  assert.equal(page.state.openAt - page.now, backoffMs(0, 0.5), 'a stream that worked starts patience anew');
});

test('a reset drops everything and asks for metadata again', () => {
  const page = new Driven().live().run({ type: 'error', closed: false });
  page.connect({ reset: 'restart', client: 'd' }, 'd.f.1.0').did('drop', 'catalog').is('catching');
  assert.equal(page.state.lastId, 'd.f.1.0');
});

test('a resume drops nothing and does not fetch metadata it has', () => {
  new Driven().live().run({ type: 'error', closed: false }).connect({ resumed: true, selection: 'kept' }).did();
});

test('a change of selection goes over the open stream, one at a time', () => {
  const page = new Driven().live().run({ type: 'want', points: ['b'] }).did('tell').is('live');
  const { ticket } = page.effects[0];
  assert.deepEqual(page.effects[0], { do: 'tell', client: 'c', points: ['b'], ticket });
  page.run({ type: 'want', points: ['c'] }).did();
  page.event('subscribed', { revision: 2, count: 1 }).did('keep');
  assert.deepEqual(page.effects[0].points, ['b']);
  page.run({ type: 'told', ticket, status: 200, revision: 2 }).did('keep', 'tell');
  assert.deepEqual(page.effects[1].points, ['c']);
});

test('a snapshot and what was missed are no changes of now', () => {
  const changes = (page) => page.effects.find((effect) => effect.do === 'apply').changes;
  const page = new Driven().live();
  assert.equal(changes(page), 0);
  const points = [{ id: 'a/b' }, { id: 'a/c' }];
  assert.equal(changes(page.event('points', { points, skipped: 3 }, 'c.e.6.1')), 5);
  assert.equal(changes(page.event('points', { points, snapshot: 2 }, 'c.e.7.2')), 0);
  page.run({ type: 'error', closed: false }).connect({ resumed: true, selection: 'kept' }, 'c.e.7.2');
  assert.equal(changes(page.event('points', { points, skipped: 3 }, 'c.e.9.2')), 0);
  assert.equal(changes(page.event('points', { points }, 'c.e.11.2')), 2);
});

test('values of points that left are kept until the new selection is in force', () => {
  const page = new Driven().live().run({ type: 'want', points: ['b'] });
  page.run({ type: 'told', ticket: page.effects[0].ticket, status: 200, revision: 2 }).did();
  page.event('points', { points: [{ id: 'a/b' }] }).did('apply');
  page.event('subscribed', { revision: 2, count: 1 }).did('keep');
  assert.deepEqual(page.effects[0].points, ['b']);
});

test('a selection taken just before a cut is in force at the resume', () => {
  const page = new Driven().live().run({ type: 'want', points: ['b'] });
  page.run({ type: 'told', ticket: page.effects[0].ticket, status: 200, revision: 2 });
  page.run({ type: 'error', closed: false }).connect({ resumed: true, selection: 'kept', revision: 2 }).did('keep');
});

test('an unanswered change is told again later, a refused one is taken back with its reason', () => {
  const page = new Driven().live().run({ type: 'want', points: ['b'] });
  page.run({ type: 'told', ticket: page.effects[0].ticket, status: 0 }).did();
  const wait = wakeAt(page.state) - page.now;
  assert.ok(wait > 0 && wait <= BACKOFF_FIRST_MS);
  page.run({ type: 'wake' }, wait).did('tell');
  page.run({ type: 'told', ticket: page.effects[0].ticket, status: 400, why: 'no such pattern' }).did();
  assert.equal(page.state.refusal, 'no such pattern');
  assert.deepEqual(page.state.wanted, ['a/**']);
  page.run({ type: 'want', points: ['d'] }).did('tell');
  assert.equal(page.state.refusal, null);
});

test('an unknown client starts anew, without the old place', () => {
  const page = new Driven().live().run({ type: 'want', points: ['b'] });
  page.run({ type: 'told', ticket: page.effects[0].ticket, status: 404 }).did('drop', 'close').is('waiting');
  page.run({ type: 'wake' }, BACKOFF_FIRST_MS).did('open');
  assert.deepEqual(page.effects[0], { do: 'open', points: ['b'], lastId: '' });
});

test('a late answer to an earlier client means nothing', () => {
  const page = new Driven().live().run({ type: 'want', points: ['b'] });
  const { ticket } = page.effects[0];
  page.run({ type: 'error', closed: false }).connect({ client: 'd', reset: 'expired', selection: 'query' }, 'd.e.1.0').did('drop', 'catalog', 'tell');
  page.run({ type: 'told', ticket, status: 404 }).did().is('catching');
});

test('a session without a selection is told one', () => {
  const page = new Driven().connect({ selection: 'empty' }).did('drop', 'catalog', 'tell');
  assert.deepEqual(page.effects[2].points, ['a/**']);
});

test('what was wanted while there was no contact is told after it', () => {
  const page = new Driven().live().run({ type: 'error', closed: false }).run({ type: 'want', points: ['b'] }).did();
  page.connect({ resumed: true, selection: 'kept' }).did('tell');
});

test('a replaced stream stays closed until the reader takes it over', () => {
  const page = new Driven().live().event('replaced').did('close').is('replaced');
  assert.equal(wakeAt(page.state), null);
  page.run({ type: 'error', closed: true }).did().is('replaced');
  page.run({ type: 'retry' }).did().is('replaced');
  page.event('points', { points: [] }).did().is('replaced');
  page.run({ type: 'takeOver' }).did('open').is('connecting');
  assert.equal(page.effects[0].lastId, 'c.e.5.1');
});

test('a draining gateway is live until its stream ends', () => {
  const page = new Driven().live().event('drain').is('live').did();
  assert.equal(page.state.draining, true);
  page.run({ type: 'error', closed: false }).is('connecting').did();
  page.connect({ reset: 'restart' });
  assert.equal(page.state.draining, false);
});

test('deleted points are forgotten, and new names fetched', () => {
  const page = new Driven().live().event('removed', { points: ['a/b'], why: 'deleted' }, 'c.e.9.1').did('forget');
  assert.deepEqual(page.effects[0].ids, ['a/b']);
  assert.equal(page.state.lastId, 'c.e.9.1');
  page.event('catalog', { generation: 8 }).did('catalog');
  page.run({ type: 'error', closed: false }).connect({ resumed: true, selection: 'kept', catalog: 8 }).did();
});

test('a resume that ends with deleted points is whole', () => {
  const page = new Driven().live().run({ type: 'error', closed: false });
  page.connect({ resumed: true, selection: 'kept' }, 'c.e.5.1');
  page.event('removed', { points: ['a/b'], why: 'deleted' }, 'c.e.5.1').did('forget').is('catching');
  page.event('removed', { points: ['a/c'], why: 'deleted' }, 'c.e.9.1').did('forget').is('live');
});

test('a notice is handed on with the run of the gateway that counts it', () => {
  const notice = { id: 1, severity: 'info', text: 'x', from: 'y', time: 1 };
  const page = new Driven().live().event('notice', notice).did('notice').is('live');
  assert.deepEqual(page.effects[0], { do: 'notice', notice, epoch: 'e' });
  page.run({ type: 'error', closed: false }).connect({ reset: 'restart', client: 'd' }, 'd.f.1.0');
  assert.equal(page.event('notice', notice).effects[0].epoch, 'f');
});

test('the reader may try at any time, and no two streams are open together', () => {
  const page = new Driven().live().run({ type: 'retry' }).did('close', 'open');
  page.run({ type: 'error', closed: true }).run({ type: 'retry' }).did('close', 'open');
});

test('a step changes no state it was given', () => {
  const before = Object.freeze(initial(['a']));
  const { state } = step(before, { type: 'start' }, 0);
  assert.notEqual(state, before);
  assert.equal(before.phase, 'closed');
});
