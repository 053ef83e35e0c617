import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST_HELD, MOST_KNOWN, Notices, summary } from '../notices.js';

const notice = (id, severity = 'info', text = `text ${id}`) => ({ id, severity, text, from: '127.0.0.1', time: 5 });

function holding(...list) {
  const notices = new Notices();
  for (const entry of list) notices.take(entry, 'e');
  return notices;
}

const texts = (notices) => notices.held.map(({ text }) => text);

test('a notice that comes again is passed over, also when it was dismissed', () => {
  const notices = holding(notice(1), notice(2), notice(1));
  assert.deepEqual(texts(notices), ['text 2', 'text 1']);
  notices.dismiss('e.1');
  notices.take(notice(1), 'e');
  assert.deepEqual(texts(notices), ['text 2']);
  notices.dismissAll();
  notices.take(notice(2), 'e');
  assert.deepEqual(texts(notices), []);
});

test('another run of the gateway counts from one again', () => {
  const notices = holding(notice(1));
  notices.take(notice(1, 'info', 'new'), 'f');
  assert.deepEqual(texts(notices), ['new', 'text 1']);
  notices.dismiss('f.1');
  assert.deepEqual(texts(notices), ['text 1']);
});

test('the most serious stands first, of those the newest, and of too many the last makes way', () => {
  const notices = holding(notice(1, 'critical'), notice(2), notice(3, 'warning'), notice(4, 'warning'), notice(5));
  assert.deepEqual(texts(notices), ['text 1', 'text 4', 'text 3', 'text 5', 'text 2']);
  for (let id = 6; id <= MOST_HELD + 1; id += 1) notices.take(notice(id, 'warning'), 'e');
  assert.deepEqual(texts(notices).slice(-3), ['text 4', 'text 3', 'text 5']);
  notices.take(notice(90, 'critical'), 'e');
  assert.deepEqual(texts(notices).slice(0, 2), ['text 90', 'text 1']);
  assert.equal(texts(notices).at(-1), 'text 3');
  notices.take(notice(91), 'e');
  assert.ok(!texts(notices).includes('text 91'), 'nothing serious makes way for it');
  assert.equal(notices.held.length, MOST_HELD);
  assert.equal(notices.dropped, 3);
});

test('what is known of the past is bounded, and holds as many as the gateway keeps', () => {
  const notices = new Notices();
  for (let id = 1; id <= MOST_KNOWN; id += 1) notices.take(notice(id), 'e');
  notices.dismissAll();
  notices.take(notice(1), 'e');
  assert.deepEqual(texts(notices), []);
  notices.take(notice(MOST_KNOWN + 1), 'e');
  notices.take(notice(1), 'e');
  assert.deepEqual(texts(notices), ['text 1', `text ${MOST_KNOWN + 1}`], 'nothing older than that is remembered');
});

test('an unknown severity is an ordinary notice, and text is kept as it came', () => {
  const [held] = holding(notice(1, 'constructor', '<b>\n"x"')).held;
  assert.equal(held.severity, 'info');
  assert.equal(held.text, '<b>\n"x"');
});

test('the shape changes with what is held', () => {
  const notices = holding(notice(1));
  const { shape } = notices;
  notices.take(notice(1), 'e');
  assert.equal(notices.shape, shape);
  notices.dismiss('e.1');
  assert.notEqual(notices.shape, shape);
});

test('one notice speaks for itself, several are counted', () => {
  assert.equal(summary(holding(notice(1))), '');
  assert.equal(summary(holding(notice(1), notice(2))), '2 notices');
  const many = new Notices();
  for (let id = 1; id <= MOST_HELD + 3; id += 1) many.take(notice(id), 'e');
  assert.equal(summary(many), `${MOST_HELD} notices, 3 more made way for them`);
  many.dismissAll();
  assert.equal(summary(many), '');
});
