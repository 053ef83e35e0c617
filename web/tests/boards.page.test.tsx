import { MemoryRouter, Route, createMemoryHistory } from '@solidjs/router';
import { render } from 'solid-js/web';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import BoardsPage from '../src/boards/page.js';
import { GatewayProvider, createGateway } from '../src/live/gateway.js';
import { FakeClient } from './fake.js';

interface Question {
  readonly asked: string;
  answer(json: unknown, version?: string): Promise<void>;
  fail(): Promise<void>;
}

let fake: FakeClient;
let root: HTMLElement;
let end: () => void = () => {};
/** What is asked about boards, until the test answers. */
let waiting: Question[] = [];

const settle = (ms = 50) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'requestAnimationFrame', 'Date', 'clearTimeout', 'clearInterval'] });
  fake = new FakeClient();
  waiting = [];
  vi.stubGlobal('fetch', (address: string, { method = 'GET' }: RequestInit = {}) => {
    if (!address.startsWith('/api/v1/boards')) return Promise.reject(new Error('not asked here'));
    return new Promise<Response>((give, refuse) => waiting.push({
      asked: `${method} ${address}`,
      answer(json, version = '') {
        give(new Response(JSON.stringify(json), { headers: { etag: version } }));
        return settle().then(() => {});
      },
      fail() {
        refuse(new Error('no answer in time'));
        return settle().then(() => {});
      },
    }));
  });
});
afterEach(() => {
  end();
  root.remove();
  vi.advanceTimersToNextFrame();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function open(address: string): Promise<void> {
  const history = createMemoryHistory();
  history.set({ value: address });
  root = document.body.appendChild(document.createElement('div'));
  end = render(() => (
    <GatewayProvider value={createGateway(fake.client)}>
      <MemoryRouter history={history}><Route path="/boards/:board?" component={BoardsPage} /></MemoryRouter>
    </GatewayProvider>
  ), root);
  await settle();
}

async function contact(state: 'live' | 'lost'): Promise<void> {
  fake.contact = { ...fake.contact, state };
  fake.emit('contact', fake.contact);
  await settle();
}

function next(asked: string): Question {
  const at = waiting.findIndex((one) => one.asked === asked);
  const [question] = at < 0 ? [] : waiting.splice(at, 1);
  if (!question) throw new Error(`${asked} is not asked, but ${waiting.map((one) => one.asked).join()}`);
  return question;
}

async function click(name: string): Promise<void> {
  const button = [...root.querySelectorAll('button')].find(({ textContent }) => textContent === name);
  if (!button) throw new Error(`no ${name} among ${[...root.querySelectorAll('button')].map(({ textContent }) => textContent).join()}`);
  button.click();
  await settle();
}

test('a list that is asked for without contact is asked for again when contact is back, whenever the question fails', async () => {
  fake.contact = { ...fake.contact, state: 'lost' };
  await open('/boards');
  const before = next('GET /api/v1/boards');
  await contact('live');
  await before.fail();
  await next('GET /api/v1/boards').answer({ boards: [{ name: 'plant', error: 'broken', given: false }] });
  expect(root.querySelector('.card')?.textContent).toContain('plant');
});

test('a list that fails while there is contact says so, and is asked for when contact is back', async () => {
  await open('/boards');
  await next('GET /api/v1/boards').fail();
  expect(waiting).toEqual([]);
  expect(root.querySelector('[role=alert]')).not.toBeNull();
  await contact('lost');
  expect(waiting).toEqual([]);
  await contact('live');
  await next('GET /api/v1/boards').answer({ boards: [{ name: 'plant', error: 'broken', given: false }] });
  expect(root.querySelector('[role=alert]')).toBeNull();
});

/** Arranges the board so far that it has this title. */
async function arrange(title: string): Promise<void> {
  await click('Arrange');
  const field = root.querySelector<HTMLInputElement>('input')!;
  field.value = title;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
  await settle();
}

const boardOf = (title: string) => ({ title, tiles: [] });

test('what was saved stays, though an older question is answered later', async () => {
  await open('/boards/plant');
  await next('GET /api/v1/boards/plant').answer(boardOf('as it was'), '"1"');
  await settle(30_000);
  const slow = next('GET /api/v1/boards/plant');
  await arrange('as it is saved');
  await click('Save');
  await next('PUT /api/v1/boards/plant').answer({}, '"2"');
  await click('Done');
  expect(root.querySelector('h1')?.textContent).toBe('as it is saved');
  await slow.answer(boardOf('as it was'), '"1"');
  expect(root.querySelector('h1')?.textContent).toBe('as it is saved');
  await settle(30_000);
  await next('GET /api/v1/boards/plant').answer(boardOf('of somebody else'), '"3"');
  expect(root.querySelector('h1')?.textContent).toBe('of somebody else');
});

test('whoever is asked whether to leave without saving stays by Enter', async () => {
  await open('/boards/plant');
  await next('GET /api/v1/boards/plant').answer(boardOf('as it was'), '"1"');
  await arrange('as it is not saved');
  await click('Cancel');
  expect(root.querySelector('dialog h2')?.textContent).toBe('Leave without saving?');
  expect([...root.querySelectorAll('dialog [autofocus]')].map(({ textContent }) => textContent)).toEqual(['Stay']);
});
