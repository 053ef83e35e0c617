import { MemoryRouter, Route } from '@solidjs/router';
import { render } from 'solid-js/web';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import DevicesPage from '../src/devices/page.js';
import type { Report } from '../src/devices/report.js';
import { GatewayProvider, createGateway } from '../src/live/gateway.js';
import { FakeClient, pointOf } from './fake.js';

const ERROR = 'no reply within 500 ms';

const report = (device: string): Report => ({
  device, channel: 'line', driver: 'modbus-rtu', address: '1', state: 'offline', last_error: ERROR, scan_ms: 1_000, configured_scan_ms: null,
  points: 1, qualities: { good: 0, uncertain: 0, bad: 1 }, requests: 9, timeouts: 9, exceptions: 0, exception_codes: {}, malformed: 0, damaged: 0,
  foreign: 0, misshapen: 0, late: 0, response_ms: null,
});

let fake: FakeClient;
let root: HTMLElement;
let end: () => void = () => {};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'requestAnimationFrame', 'Date', 'clearTimeout', 'clearInterval'] });
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ devices: [report('a'), report('b')] })));
  fake = new FakeClient();
});

/** The page, once it is settled. */
async function open(): Promise<void> {
  root = document.body.appendChild(document.createElement('div'));
  end = render(() => (
    <GatewayProvider value={createGateway(fake.client)}>
      <MemoryRouter><Route path="/" component={DevicesPage} /></MemoryRouter>
    </GatewayProvider>
  ), root);
  await vi.advanceTimersByTimeAsync(300);
}
afterEach(() => {
  end();
  vi.advanceTimersToNextFrame(); // what was asked for is not to wait in the next test
  root.remove();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const tell = async (live: boolean) => {
  fake.tell(['a', 'b'].flatMap((device) => [
    pointOf(`$devices/${device}/state`, { value: 'offline', live }), pointOf(`$devices/${device}/last_error`, { value: ERROR, live }),
  ]));
  await vi.advanceTimersByTimeAsync(300);
};

test('what is wrong with a whole channel is told once, and not when nobody knows whether it is still so', async () => {
  await open();
  await tell(true);
  expect(root.querySelectorAll('.why').length).toBe(1);
  expect(root.querySelector('.states')?.textContent).toContain('■ 2 offline');
  expect(root.querySelector('.why')?.textContent).toContain('All 2 devices');
  fake.contact = { ...fake.contact, state: 'lost' };
  fake.emit('contact', fake.contact);
  await tell(false);
  expect(root.querySelectorAll('.why').length).toBe(0);
  expect(root.querySelector('.states')?.textContent).toContain('◌ 2 offline');
  expect(root.querySelector('.states .quality')?.textContent).toContain('not live');
});

test('a list that is opened without contact says that there is none, and asks when there is again', async () => {
  fake.contact = { ...fake.contact, state: 'lost' };
  await open();
  expect(root.querySelector('.empty')?.textContent).toBe('There is no contact with the gateway. It is asked once there is.');
  fake.contact = { ...fake.contact, state: 'live' };
  fake.emit('contact', fake.contact);
  await vi.advanceTimersByTimeAsync(300);
  expect(root.querySelector('.empty')).toBeNull();
  expect(root.querySelectorAll('.devices-table tbody').length).toBe(1);
});
