import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initial } from '../connection.js';
import { contactText, titleText } from '../contact.js';
import { facts } from '../details.js';

const clock = () => new Date(2026, 10, 20, 12, 0, 0);
const says = (state, now = 0, rate = 0) => contactText({ ...initial([]), ...state }, now, rate, clock);

test('lost contact names the time of the last one', () => {
  const text = says({ phase: 'waiting', lastContact: 4_000, openAt: 69_000 }, 64_000);
  assert.equal(text.word, 'no contact');
  assert.equal(text.detail, 'last contact 11:59:00, 1 min ago, next try in 5 s');
  assert.match(text.banner, /Last contact 11:59:00/);
});

test('a banner stands exactly while values are not followed', () => {
  assert.equal(says({ phase: 'live' }, 0, 1).detail, '1 change/s');
  assert.equal(says({ phase: 'live', draining: true }).detail, 'gateway is stopping');
  for (const phase of ['live', 'catching']) assert.equal(says({ phase }).banner, null);
  assert.equal(says({ phase: 'connecting' }, 1_000).banner, null, 'the first connection gets a moment');
  assert.match(says({ phase: 'connecting' }, 5_000).banner, /does not answer/);
  assert.equal(says({ phase: 'replaced' }).action, 'Take over again');
});

test('the details of a point that is not live say so, whatever it last was', () => {
  const sample = { value: 2, quality: 'good', time: 1_000 };
  const meta = { type: 'u16', labels: { 2: 'running' }, scan_ms: 500, stale_after_ms: 3_000, range: [0, 3] };
  const text = (live) => Object.fromEntries(facts({ sample, meta, live }, 60_500, 61_000));
  assert.equal(text(true).Quality, '● good');
  assert.equal(text(false).Quality, '◌ not live');
  assert.equal(text(true)['Raw value'], '2');
  assert.match(text(true).Changed, /, 1 min ago$/);
  assert.match(text(true).Read, /, now$/);
  assert.equal(text(true)['Read every'], '500 ms');
  assert.equal(text(true)['Stale after'], '3 s');
  const revised = { sample, meta: { ...meta, scan_ms: 812, configured_scan_ms: 500 }, live: true };
  assert.equal(Object.fromEntries(facts(revised, null, 61_000))['Read every'], '812 ms, revised from 500 ms');
});

test('when a point was read is told apart from when it changed', () => {
  const sample = { value: null, quality: 'bad', reason: 'no_communication', since: 1_000, time: null };
  const text = (checked, error) => Object.fromEntries(facts({ sample, meta: { device: 'tank' }, live: true, error }, checked, 61_000));
  assert.equal(text(undefined).Read, '…');
  assert.equal(text(null).Read, 'never');
  assert.equal(text(null).Changed, '—');
  assert.match(text(null).Reason, /^no connection since /);
  assert.equal(text(null, 'device "tank", line 3: no match')['Device says'], 'line 3: no match');
  assert.equal(text(null, '')['Device says'], undefined);
});

test('the title names the gateway where it has a name, and lost contact first', () => {
  const live = contactText({ ...initial([]), phase: 'live' }, 0, 0, clock);
  const lost = contactText({ ...initial([]), phase: 'waiting', lastContact: 0, openAt: 2_000 }, 1_000, 0, clock);
  assert.equal(titleText(live, undefined), 'Pointcast');
  assert.equal(titleText(live, ''), 'Pointcast');
  assert.equal(titleText(live, 'Demo site'), 'Demo site – Pointcast');
  assert.equal(titleText(lost, 'Demo site'), '■ no contact – Demo site – Pointcast');
});
