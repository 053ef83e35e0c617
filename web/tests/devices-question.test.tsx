import { render } from 'solid-js/web';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Asked, createQuestion } from '../src/devices/question.js';
import { Trouble } from '../src/devices/trouble-text.js';
import { GatewayProvider, createGateway } from '../src/live/gateway.js';
import { FakeClient } from './fake.js';

let fake: FakeClient;
let end: () => void = () => {};
let hidden = false;

beforeEach(() => {
  vi.useFakeTimers();
  fake = new FakeClient();
  hidden = false;
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
});
afterEach(() => {
  end();
  vi.useRealTimers();
});

/** A question that is answered when the test says so. */
function asking(everyMs = 1_000) {
  const waiting: { answer: (value: number) => void; refuse: (fault: Error) => void }[] = [];
  const ask = vi.fn(() => new Promise<number>((answer, refuse) => waiting.push({ answer, refuse })));
  let asked!: Asked<number>;
  const Inside = () => {
    asked = createQuestion(ask, everyMs);
    return null;
  };
  end = render(() => <GatewayProvider value={createGateway(fake.client)}><Inside /></GatewayProvider>, document.createElement('div'));
  const settle = () => vi.advanceTimersByTimeAsync(0);
  const answer = async (value: number) => {
    waiting.shift()?.answer(value);
    await settle();
  };
  const refuse = async (why: string) => {
    waiting.shift()?.refuse(new Error(why));
    await settle();
  };
  return { ask, asked, answer, refuse };
}

function contact(state: 'live' | 'lost') {
  fake.contact = { ...fake.contact, state };
  fake.emit('contact', fake.contact);
}

test('one question at a time, and the next an interval after the answer', async () => {
  const { ask, asked, answer } = asking();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(ask).toHaveBeenCalledTimes(1);
  expect(asked.isFresh()).toBe(false);
  await answer(7);
  expect([asked.answer().value, asked.isFresh()]).toEqual([7, true]);
  await vi.advanceTimersByTimeAsync(999);
  expect(ask).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(ask).toHaveBeenCalledTimes(2);
});

test('a question that fails makes the answer before it old, and is asked again', async () => {
  const { ask, asked, answer, refuse } = asking();
  await answer(7);
  const at = asked.answer().at;
  await vi.advanceTimersByTimeAsync(1_000);
  await refuse('too busy');
  expect([asked.answer().value, asked.answer().at, String(asked.answer().fault)]).toEqual([7, at, 'Error: too busy']);
  expect(asked.isFresh()).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ask).toHaveBeenCalledTimes(3);
  await answer(8);
  expect([asked.answer().value, asked.answer().fault, asked.isFresh()]).toEqual([8, null, true]);
});

test('an answer that is not followed by another is old', async () => {
  const { asked, answer } = asking();
  await answer(7);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(asked.isFresh()).toBe(true);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(asked.isFresh()).toBe(false);
});

test('without contact nothing is asked and nothing is fresh; with it again it is asked at once', async () => {
  const { ask, asked, answer } = asking();
  await answer(7);
  contact('lost');
  expect(asked.isFresh()).toBe(false);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ask).toHaveBeenCalledTimes(1);
  contact('live');
  await vi.advanceTimersByTimeAsync(0);
  expect(ask).toHaveBeenCalledTimes(2);
});

test('that the gateway is heard again is no reason to ask', async () => {
  const { ask, answer } = asking();
  await answer(7);
  for (let heard = 0; heard < 5; heard += 1) contact('live');
  await vi.advanceTimersByTimeAsync(500);
  expect(ask).toHaveBeenCalledTimes(1);
});

test('while nobody looks nothing is asked; who comes back is answered at once', async () => {
  const { ask, answer } = asking();
  await answer(7);
  hidden = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ask).toHaveBeenCalledTimes(1);
  hidden = false;
  document.dispatchEvent(new Event('visibilitychange'));
  expect(ask).toHaveBeenCalledTimes(2);
});

test('after the component nothing is asked any more', async () => {
  const { ask, answer } = asking();
  await answer(7);
  end();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ask).toHaveBeenCalledTimes(1);
});

test('what is wrong is told with since when, in the gateway’s words, and with what to try', () => {
  const root = document.createElement('div');
  const now = Date.now();
  end = render(() => (
    <GatewayProvider value={createGateway(fake.client)}>
      <Trouble device="boiler" driver="modbus-tcp" standing={{ state: 'degraded', since: now - 300_000, isLive: true }}
        error="unit 2, 03 holding registers 100-105: exception 02 (Illegal data address)" />
    </GatewayProvider>
  ), root);
  expect(root.querySelector('.what')?.textContent).toMatch(/nothing at an address it is asked for\. degraded for 5 min, since /);
  expect(root.querySelector('q')?.textContent).toBe('unit 2, 03 holding registers 100-105: exception 02 (Illegal data address)');
  expect(root.querySelectorAll('.tries li').length).toBe(3);
});
