import { MemoryRouter, Route, createMemoryHistory } from '@solidjs/router';
import { render } from 'solid-js/web';
import { afterEach, expect, test, vi } from 'vitest';
import { GatewayProvider, createGateway } from '../src/live/gateway.js';
import { Shell } from '../src/shell/shell.js';
import { titleOf } from '../src/shell/title.js';
import { FakeClient, pointOf } from './fake.js';

let end: () => void = () => {};
afterEach(() => end());

test('a window is called by its page', () => {
  expect(titleOf('/', 'Site')).toBe('Points – Site');
  expect(titleOf('/devices/K%C3%BChlung%202', 'Site')).toBe('Kühlung 2 – Devices – Site');
  expect(titleOf('/boards/50%', 'Site')).toBe('50% – Boards – Site');
  expect(titleOf('/nowhere', 'Site')).toBe('There is no such page – Site');
});

test('a page that broke does not stand in the way of the others', async () => {
  const fake = new FakeClient();
  const root = document.body.appendChild(document.createElement('div'));
  const history = createMemoryHistory();
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const Broken = () => {
    throw new Error('no such file');
  };
  end = render(() => (
    <GatewayProvider value={createGateway(fake.client)}>
      <MemoryRouter root={Shell} history={history}>
        <Route path="/" component={Broken} />
        <Route path="/devices" component={() => <p>devices</p>} />
      </MemoryRouter>
    </GatewayProvider>
  ), root);
  fake.tell([pointOf('$gateway/name', { value: 'Hall 3' })]);
  await vi.waitFor(() => expect(root.querySelector('main')?.textContent).toContain('no such file'));
  await vi.waitFor(() => expect(document.title).toBe('Points – Hall 3'));
  history.set({ value: '/devices' });
  await vi.waitFor(() => expect(root.querySelector('main')?.textContent).toBe('devices'));
  expect(document.title).toBe('Devices – Hall 3');
});
