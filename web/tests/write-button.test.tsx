import { createSignal } from 'solid-js';
import { render } from 'solid-js/web';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PointInfo, Written } from 'pointcast';
import { GatewayProvider, createGateway } from '../src/live/gateway.js';
import { WriteButton } from '../src/write/button.js';
import { FakeClient, pointOf } from './fake.js';

const infoOf = (id: string): PointInfo => ({ ...pointOf(id), type: 'f32', writable: true });

const [id, show] = createSignal('a');
let answer: (written: Written) => void = () => {};
let end: () => void = () => {};
let leave: () => void = () => {};

const dialog = () => document.querySelector('dialog');
const settle = () => vi.advanceTimersByTimeAsync(100);
const click = async (name: string) => {
  [...document.querySelectorAll('button')].find(({ textContent }) => textContent === name)?.click();
  await settle();
};

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'requestAnimationFrame', 'clearTimeout', 'clearInterval'] });
  const fake = new FakeClient();
  const client = Object.assign(fake.client, { write: () => new Promise<Written>((give) => (answer = give)) });
  const root = document.body.appendChild(document.createElement('div'));
  const [isThere, setThere] = createSignal(true);
  show('a');
  leave = () => void setThere(false);
  const dispose = render(() => (
    <GatewayProvider value={createGateway(client)}>
      {isThere() && <WriteButton info={infoOf(id())} point={pointOf(id())} />}
    </GatewayProvider>
  ), root);
  end = () => (dispose(), root.remove());
  await click('Write…');
  fake.tell([pointOf('a')]);
  await settle();
});
afterEach(() => {
  end();
  document.body.replaceChildren();
  vi.advanceTimersToNextFrame();
  vi.useRealTimers();
});

test('the dialog is left with what it was opened from', async () => {
  expect(dialog()?.textContent).toContain('a');
  leave();
  await settle();
  expect(dialog()).toBeNull();
});

test('the dialog is left when another point stands where it was opened', async () => {
  show('b');
  await settle();
  expect(dialog()).toBeNull();
});

test('what is being sent is still to be told, wherever one has gone', async () => {
  dialog()?.querySelector('form')?.requestSubmit();
  await settle();
  dialog()?.querySelector<HTMLButtonElement>('.send')?.click();
  await settle();
  expect(dialog()?.dataset['stage']).toBe('sending');
  leave();
  await settle();
  expect(dialog()?.dataset['stage']).toBe('sending');
  answer({ ok: true, verdict: 'applied', value: 1 });
  await settle();
  expect(dialog()?.dataset['stage']).toBe('done');
});
