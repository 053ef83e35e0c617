import { render } from 'solid-js/web';
import { afterEach, expect, test, vi } from 'vitest';
import { GatewayProvider, createGateway } from '../src/live/gateway.js';
import { Chooser } from '../src/trends/chooser.js';
import { FakeClient, pointOf } from './fake.js';

let end: () => void = () => {};
afterEach(() => end());

/** A field, and what answers each question of it. */
function open() {
  const root = document.body.appendChild(document.createElement('div'));
  const answers: ((isHad: boolean) => void)[] = [];
  const onAdd = vi.fn((_: string) => new Promise<boolean>((resolve) => answers.push(resolve)));
  const fake = new FakeClient();
  fake.infos = ['wind/speed', 'wind/gust'].map((id) => ({ ...pointOf(id), type: 'f32', writable: false }));
  const stop = render(() => <GatewayProvider value={createGateway(fake.client)}><Chooser chosen={[]} onAdd={onAdd} /></GatewayProvider>, root);
  end = () => {
    stop();
    root.remove();
  };
  const field = root.querySelector('input')!;
  const type = (text: string) => {
    field.value = text;
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  };
  const press = (key: string) => field.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  const enter = () => press('Enter');
  const options = () => [...root.querySelectorAll<HTMLElement>('[role="option"]')];
  const isOpen = () => !root.querySelector<HTMLElement>('.menu')!.hidden;
  const answer = async (isHad: boolean) => {
    answers.shift()?.(isHad);
    await Promise.resolve();
  };
  return { field, onAdd, type, press, enter, answer, options, isOpen };
}

test('what was asked for leaves the field, and is there again if it could not be had, with nothing over what is said of it', async () => {
  const { field, onAdd, type, enter, answer, isOpen } = open();
  type('boiler/**');
  expect(isOpen()).toBe(true);
  enter();
  expect([onAdd.mock.lastCall, field.value]).toEqual([['boiler/**'], '']);
  await answer(false);
  expect([field.value, isOpen()]).toEqual(['boiler/**', false]);
  enter();
  await answer(true);
  expect(field.value).toBe('');
});

test('not where something else is typed by then', async () => {
  const { field, type, enter, answer } = open();
  type('boiler/**');
  enter();
  type('wind');
  await answer(false);
  expect(field.value).toBe('wind');
});

test('suggestions are gone once one was taken, by Enter or by a click, and there again for the next; the field keeps the focus', async () => {
  const { field, onAdd, type, press, enter, options, isOpen } = open();
  field.focus();
  type('wind');
  await vi.waitFor(() => expect(options()).toHaveLength(2));
  enter();
  expect([onAdd.mock.lastCall, isOpen(), field.getAttribute('aria-expanded')]).toEqual([['wind/gust'], false, 'false']);
  press('ArrowDown');
  expect(isOpen()).toBe(true);
  options()[1]?.click();
  expect([onAdd.mock.lastCall, isOpen(), document.activeElement]).toEqual([['wind/speed'], false, field]);
  type('g');
  expect(isOpen()).toBe(true);
});

test('a name may break after a slash, and is still the id', async () => {
  const { type, options } = open();
  type('gust');
  await vi.waitFor(() => expect(options()).toHaveLength(1));
  const name = options()[0]?.querySelector('.name');
  expect([name?.innerHTML.replaceAll(/<!--.*?-->/g, ''), name?.textContent]).toEqual(['wind/<wbr>gust', 'wind/gust']);
});
