import { MemoryRouter, Route, createMemoryHistory } from '@solidjs/router';
import { render } from 'solid-js/web';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GatewayProvider, createGateway } from '../src/live/gateway.js';
import PointsPage from '../src/points/page.js';
import { FakeClient, pointOf } from './fake.js';

let fake: FakeClient;
let end: () => void = () => {};
let root: HTMLElement;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'requestAnimationFrame', 'Date', 'performance', 'clearTimeout', 'clearInterval'] });
  fake = new FakeClient();
});
afterEach(() => {
  end();
  vi.advanceTimersToNextFrame(); // what was asked for is not to wait in the next test
  root.remove();
  vi.useRealTimers();
});

/** The page at an address. */
function open(address = '/'): void {
  const history = createMemoryHistory();
  history.set({ value: address });
  root = document.body.appendChild(document.createElement('div'));
  end = render(() => (
    <GatewayProvider value={createGateway(fake.client)}>
      <MemoryRouter history={history}><Route path="/" component={PointsPage} /></MemoryRouter>
    </GatewayProvider>
  ), root);
}

/** What was asked for is done: frames, timers and what waits for them. */
const settle = (ms = 300) => vi.advanceTimersByTimeAsync(ms);
const rows = () => [...root.querySelectorAll<HTMLElement>('[role=row][data-key]')];
const row = (key: string) => rows().find((one) => one.dataset['key'] === key);
const flash = (key: string) => row(key)?.querySelector<HTMLElement>('.value .number')?.dataset['flash'];
const counted = () => [...root.querySelectorAll('.counts .quality + span')].map((one) => one.textContent);
const press = (key: string) => root.querySelector('[role=treegrid]')?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));

test('of 10 000 points only those in sight are in the page, and all are counted', async () => {
  open();
  const many = Array.from({ length: 10_000 }, (_, at) => pointOf(`line${at % 20}/unit${at}/speed`));
  for (let at = 0; at < many.length; at += 1_000) fake.tell(many.slice(at, at + 1_000));
  await settle(1_000);
  expect(rows().length).toBeLessThan(100);
  expect(root.querySelector('[role=treegrid]')?.getAttribute('aria-rowcount')).toBe(String(10_000 + 20 + 1));
  expect(counted()[0]).toBe('10,000');
});

test('a value lights up when it changes, and never when it comes first or comes back', async () => {
  open();
  fake.tell([pointOf('a/x', { value: null, quality: 'bad', reason: 'waiting' }), pointOf('a/y', { value: 1 })]);
  await settle();
  expect([flash('a/x'), flash('a/y')]).toEqual([undefined, undefined]);
  fake.tell([pointOf('a/x', { value: 1 }), pointOf('a/y', { value: 2 })]);
  await settle();
  expect([flash('a/x'), flash('a/y')]).toEqual([undefined, '1']);
  fake.tell([pointOf('a/y', { value: 3 })]);
  await settle();
  expect(flash('a/y')).toBe('0');
  fake.tell([pointOf('a/x', { live: false }), pointOf('a/y', { value: 3, live: false })]);
  await settle();
  fake.tell([pointOf('a/x', { value: 9 }), pointOf('a/y', { value: 9 })]);
  await settle();
  expect([flash('a/x'), flash('a/y')]).toEqual([undefined, '0']);
});

test('what is not live looks so at once, in rows, branches and counts', async () => {
  open();
  const all = [pointOf('a/x'), pointOf('a/y', { quality: 'bad', reason: 'timeout' }), pointOf('b')];
  fake.tell(all);
  await settle();
  expect(row('a/')?.dataset['look']).toBe('bad');
  expect(counted()).toEqual(['2', '0', '1']);
  fake.tell(all.map((point) => ({ ...point, live: false })));
  await settle(20);
  expect(rows().map((one) => one.dataset['look'])).toEqual(['lost', 'lost', 'lost', 'lost']);
  expect(counted()).toEqual(['0', '0', '0', '3']);
});

test('an address shows what it asks for', async () => {
  open('/?points=a/**&troubled=1&closed=a/q&point=a/x');
  expect(fake.watches.map(({ patterns }) => patterns)).toContainEqual(['a/**']);
  fake.tell([pointOf('a/x', { quality: 'uncertain', reason: 'stale' }), pointOf('a/y')]);
  await settle();
  expect(rows().map((one) => one.dataset['key'])).toEqual(['a/x']);
  expect(root.querySelector('#details-title')?.textContent).toBe('a/x');
});

test('only troubled: a point that gets well leaves, one that falls ill comes', async () => {
  open('/?troubled=1');
  fake.tell([pointOf('x', { quality: 'bad', reason: 'timeout' }), pointOf('y')]);
  await settle();
  expect(rows().map((one) => one.dataset['key'])).toEqual(['x']);
  fake.tell([pointOf('x'), pointOf('y', { quality: 'bad', reason: 'timeout' })]);
  await settle(600);
  expect(rows().map((one) => one.dataset['key'])).toEqual(['y']);
  fake.tell([pointOf('y')]);
  await settle(600);
  expect(root.querySelector('.empty h2')?.textContent).toBe('Nothing is troubled');
  fake.contact = { ...fake.contact, state: 'lost' };
  fake.emit('contact', fake.contact);
  fake.tell([pointOf('x', { live: false }), pointOf('y', { live: false })]);
  await settle();
  expect(root.querySelector('.empty h2')?.textContent).toBe('Nothing was troubled when the gateway was last heard');
});

test('only troubled: rows come and go twice a second at most, what they look like changes at once', async () => {
  open('/?troubled=1');
  const ill = (id: string, quality: 'bad' | 'uncertain') => pointOf(id, { quality, reason: 'timeout' });
  const all = () => rows().map((one) => one.dataset['key']);
  fake.tell([ill('a/x', 'bad'), ill('a/y', 'bad'), pointOf('a/z')]);
  await settle(600);
  fake.tell([ill('a/z', 'bad')]);
  await settle(40);
  expect(all()).toEqual(['a/', 'a/x', 'a/y', 'a/z']);
  fake.tell([pointOf('a/x'), ill('a/y', 'uncertain'), ill('a/z', 'uncertain')]);
  await settle(40);
  expect(all()).toEqual(['a/', 'a/x', 'a/y', 'a/z']);
  expect(row('a/x')?.dataset['look']).toBe('good');
  expect(row('a/')?.dataset['look']).toBe('uncertain');
  await settle(500);
  expect(all()).toEqual(['a/', 'a/y', 'a/z']);
});

test('whoever comes by a link to a point sees its row, once', async () => {
  const scrolled = vi.spyOn(globalThis, 'scrollBy').mockImplementation(() => {});
  const below = vi.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue({ top: 100_000, bottom: 0 } as DOMRect);
  open('/?point=a/y');
  await settle();
  expect(scrolled).not.toHaveBeenCalled();
  fake.tell([pointOf('a/x'), pointOf('a/y')]);
  await settle();
  fake.tell([pointOf('a/z')]);
  await settle();
  expect(scrolled).toHaveBeenCalledTimes(1);
  scrolled.mockRestore();
  below.mockRestore();
});

test('details ask while there is contact, and no more', async () => {
  open('/?point=a/x');
  fake.tell([pointOf('a/x')]);
  const asked = () => fake.walks.length;
  await settle(2_500);
  const first = asked();
  await settle(2_000);
  expect(asked()).toBe(first + 2);
  fake.contact = { ...fake.contact, state: 'lost' };
  fake.emit('contact', fake.contact);
  await settle(10_000);
  expect(asked()).toBe(first + 2);
  fake.contact = { ...fake.contact, state: 'live' };
  fake.emit('contact', fake.contact);
  await settle(0);
  expect(asked()).toBe(first + 3);
});

test('details of a point that there is not say so, once that is known', async () => {
  open('/?point=gone/away');
  expect(root.querySelector('.details')?.textContent).not.toContain('no such point');
  await settle();
  expect(root.querySelector('.details')?.textContent).toContain('no such point');
});

test('the keyboard goes through rows, folds branches and opens a point', async () => {
  open();
  fake.tell([pointOf('a/x'), pointOf('a/y'), pointOf('b')]);
  await settle();
  press('ArrowDown');
  press('ArrowLeft');
  await settle();
  expect(rows().map((one) => one.dataset['key'])).toEqual(['a/', 'b']);
  expect(row('a/')?.getAttribute('aria-expanded')).toBe('false');
  press('ArrowRight');
  await settle();
  press('ArrowDown');
  press(' ');
  press('Enter');
  await settle();
  expect(root.querySelector('#details-title')?.textContent).toBe('a/x');
  expect(row('a/x')?.getAttribute('aria-selected')).toBe('true');
  expect(root.querySelector('.marked a')?.getAttribute('href')).toBe('/trends?points=a%2Fx');
  press('Escape');
  await settle();
  expect(root.querySelector('#details-title')).toBeNull();
});

test('what the gateway will not take is told, with what to do', async () => {
  open();
  fake.emit('refused', { match: '**', why: 'limit' });
  await settle(2_000);
  expect(root.querySelector('#pattern-note')?.textContent).toContain('more points than one page may follow');
  expect(root.querySelector('.empty h2')?.textContent).toBe('The gateway did not take this');
});

test('a gateway without points says how it comes to some, but not before it had time to tell', async () => {
  fake.contact = { ...fake.contact, state: 'lost' };
  open();
  await settle(100);
  expect(root.querySelector('.empty h2')?.textContent).toBe('Waiting for the gateway');
  fake.contact = { ...fake.contact, state: 'live' };
  fake.emit('contact', fake.contact);
  await settle(100);
  expect(root.querySelector('.empty h2')?.textContent).toBe('Looking for points');
  await settle(2_000);
  expect(root.querySelector('.empty h2')?.textContent).toBe('This gateway has no points yet');
});

test('what a device complained about before it was well again is not why a point is not good', async () => {
  fake.infos = [{ id: 'a/x', value: 1, quality: 'good', time: 1, type: 'f32', device: 'a', writable: false }];
  open('/?point=a/x');
  const says = () => root.querySelector('.details .says')?.textContent;
  await settle();
  fake.tell([
    pointOf('a/x', { quality: 'uncertain', reason: 'out_of_range' }),
    pointOf('$devices/a/state', { value: 'online' }), pointOf('$devices/a/last_error', { value: 'no reply within 500 ms' }),
  ]);
  await settle();
  expect(says()).toBeUndefined();
  fake.tell([pointOf('$devices/a/state', { value: 'offline' })]);
  await settle();
  // Who did not reply said nothing: it is the gateway that says so.
  expect(says()).toBe('The gateway says: no reply within 500 ms');
});

test('what is shown of what was asked for without contact is not taken for all of it, until it was answered', async () => {
  const contact = async (state: 'live' | 'lost') => {
    fake.contact = { ...fake.contact, state, lastContact: state === 'live' ? Date.now() : fake.contact.lastContact };
    fake.emit('contact', fake.contact);
    await settle();
  };
  const partial = () => root.querySelector('.partial')?.textContent;
  fake.contact = { ...fake.contact, state: 'lost' };
  open('/?points=a/*');
  fake.tell([pointOf('a/x', { live: false })]);
  await settle();
  expect(partial()).toContain('only what was followed before is known');
  await contact('live');
  expect(partial()).toBeUndefined();
  await contact('lost');
  expect(partial()).toBeUndefined();
});

test('what was heard before it was asked for is no answer to it', async () => {
  open();
  fake.tell([pointOf('a/x')]);
  await settle();
  fake.contact = { ...fake.contact, state: 'lost', lastContact: Date.now() - 60_000 };
  fake.emit('contact', fake.contact);
  await settle();
  expect(root.querySelector('.partial')).not.toBeNull();
});
