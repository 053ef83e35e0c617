import { MemoryRouter, Route, createMemoryHistory } from '@solidjs/router';
import { render } from 'solid-js/web';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GatewayProvider, createGateway } from '../src/live/gateway.js';
import { type View, createView } from '../src/points/view.js';
import { FakeClient } from './fake.js';

let end: () => void = () => {};
let view: View;
let history: ReturnType<typeof createMemoryHistory>;

/** Shorter than the pause after which an address is written, and longer. */
const [SOON_MS, LATER_MS] = [100, 400];
const settle = (ms = SOON_MS) => vi.advanceTimersByTimeAsync(ms);
const shown = () => [history.get(), view.typed()];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'requestAnimationFrame', 'Date', 'performance', 'clearTimeout', 'clearInterval'] });
  history = createMemoryHistory();
  history.set({ value: '/' });
  const Page = () => {
    view = createView();
    return null;
  };
  const { client } = new FakeClient();
  end = render(() => (
    <GatewayProvider value={createGateway(client)}>
      <MemoryRouter history={history}><Route path="/" component={Page} /></MemoryRouter>
    </GatewayProvider>
  ), document.createElement('div'));
  await settle();
  view.go({ device: 'boiler' });
  await settle();
});
afterEach(() => {
  end();
  vi.advanceTimersToNextFrame();
  vi.useRealTimers();
});

test('Back while a search is typed further ends the search, and Forward still leads on', async () => {
  view.type('tem');
  await settle(LATER_MS);
  expect(shown()).toEqual(['/?device=boiler&find=tem', 'tem']);
  view.type('tempe');
  await settle();
  history.back();
  await settle(LATER_MS);
  expect(shown()).toEqual(['/?device=boiler', '']);
  history.forward();
  await settle(LATER_MS);
  expect(shown()).toEqual(['/?device=boiler&find=tem', 'tem']);
});

test('Back while a search begins goes back, and the search does not follow', async () => {
  view.type('tem');
  await settle();
  history.back();
  await settle(LATER_MS);
  expect(shown()).toEqual(['/', '']);
  history.forward();
  await settle(LATER_MS);
  expect(shown()).toEqual(['/?device=boiler', '']);
});

test('what asks for everything ends a search, though more of it was just typed', async () => {
  view.type('tem');
  await settle();
  view.type('');
  view.go({ device: null, words: '' });
  await settle(LATER_MS);
  expect(shown()).toEqual(['/', '']);
  history.back();
  await settle(LATER_MS);
  expect(shown()).toEqual(['/?device=boiler', '']);
});

test('what is chosen on the page while a search is typed does not take letters away', async () => {
  view.type('tem');
  await settle();
  view.go({ troubled: true });
  await settle(SOON_MS);
  view.type('temp ');
  await settle(SOON_MS);
  expect(shown()).toEqual(['/?device=boiler&troubled=1', 'temp ']);
  await settle(LATER_MS);
  expect(shown()).toEqual(['/?device=boiler&troubled=1&find=temp', 'temp ']);
  view.go({ troubled: false });
  await settle();
  expect(shown()).toEqual(['/?device=boiler&find=temp', 'temp ']);
});

test('details that were opened from here and closed again leave nothing for Back', async () => {
  view.go({ open: 'a' });
  view.go({ open: 'b' }, 'refined');
  await settle();
  expect(history.get()).toBe('/?device=boiler&point=b');
  view.closeDetails();
  view.closeDetails();
  await settle();
  expect(history.get()).toBe('/?device=boiler');
  history.back();
  await settle();
  expect(history.get()).toBe('/');
});

test('details are closed without going back where more was asked for since, or a link led to them', async () => {
  view.go({ open: 'a' });
  await settle();
  view.go({ troubled: true });
  await settle();
  view.closeDetails();
  await settle();
  expect(history.get()).toBe('/?device=boiler&troubled=1');
  history.back();
  await settle();
  expect(history.get()).toBe('/?device=boiler&point=a');
  view.closeDetails();
  await settle();
  expect(history.get()).toBe('/?device=boiler');
});

test('what was folded or typed while details were open stays when they are closed', async () => {
  view.go({ open: 'a' });
  await settle();
  view.setFolds({ closed: false, except: new Set(['boiler']) });
  view.closeDetails();
  await settle(LATER_MS);
  expect(shown()).toEqual(['/?device=boiler&closed=boiler', '']);
  view.go({ open: 'a' });
  await settle();
  view.type('tem');
  await settle(LATER_MS);
  view.closeDetails();
  await settle(LATER_MS);
  expect(shown()).toEqual(['/?device=boiler&closed=boiler&find=tem', 'tem']);
  view.go({ open: 'a' });
  await settle();
  view.type('tempe');
  view.closeDetails();
  view.closeDetails();
  await settle(LATER_MS);
  expect(shown()).toEqual(['/?device=boiler&closed=boiler&find=tempe', 'tempe']);
});
