import { render } from 'solid-js/web';
import { afterEach, expect, test, vi } from 'vitest';
import { GatewayProvider, createGateway } from '../src/live/gateway.js';
import { Chooser } from '../src/trends/chooser.js';
import { FakeClient } from './fake.js';

let end: () => void = () => {};
afterEach(() => end());

/** A field, and what answers each question of it. */
function open() {
  const root = document.body.appendChild(document.createElement('div'));
  const answers: ((isHad: boolean) => void)[] = [];
  const onAdd = vi.fn((_: string) => new Promise<boolean>((resolve) => answers.push(resolve)));
  const stop = render(() => <GatewayProvider value={createGateway(new FakeClient().client)}><Chooser chosen={[]} onAdd={onAdd} /></GatewayProvider>, root);
  end = () => {
    stop();
    root.remove();
  };
  const field = root.querySelector('input')!;
  const type = (text: string) => {
    field.value = text;
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  };
  const enter = () => field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  const answer = async (isHad: boolean) => {
    answers.shift()?.(isHad);
    await Promise.resolve();
  };
  const isOpen = () => !root.querySelector<HTMLElement>('.menu')!.hidden;
  return { field, onAdd, type, enter, answer, isOpen };
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
