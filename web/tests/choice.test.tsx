import { MemoryRouter, Route, createMemoryHistory } from '@solidjs/router';
import { render } from 'solid-js/web';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PointInfo } from 'pointcast';
import { type Gateway, GatewayProvider, createGateway } from '../src/live/gateway.js';
import { type Choice, REST_MS, createChoice } from '../src/trends/choice.js';
import { FakeClient } from './fake.js';

const T = Date.UTC(2026, 10, 27, 22, 0);

/** Answers when it is told to. */
class SlowClient extends FakeClient {
  readonly asked: { pattern: string; answer: (...ids: string[]) => Promise<void>; fail: () => Promise<void> }[] = [];

  override async *points(match: readonly string[] | string): AsyncGenerator<PointInfo, void, void> {
    const pattern = [match].flat().join();
    if (!pattern.includes('*')) return;
    const ids = await new Promise<readonly string[]>((resolve, reject) => {
      const settled = (act: () => void) => () => (act(), vi.advanceTimersByTimeAsync(0).then(() => {}));
      this.asked.push({ pattern, answer: (...found) => settled(() => resolve(found))(), fail: settled(() => reject(new Error('no gateway'))) });
    });
    yield* ids.map((id): PointInfo => ({ id, value: 1, quality: 'good', time: 0, type: 'f64', writable: false }));
  }
}

let fake: SlowClient;
let gateway: Gateway;
let choice: Choice;
let history: ReturnType<typeof createMemoryHistory>;
let end: () => void = () => {};

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'requestAnimationFrame', 'Date', 'clearTimeout', 'clearInterval'], now: T });
  fake = new SlowClient();
});
afterEach(() => {
  end();
  vi.useRealTimers();
});

/** A page of trends at an address. */
async function open(address: string): Promise<void> {
  history = createMemoryHistory();
  history.set({ value: address });
  const Page = () => {
    choice = createChoice();
    return null;
  };
  end = render(() => {
    gateway = createGateway(fake.client);
    return (
      <GatewayProvider value={gateway}>
        <MemoryRouter history={history}>
          <Route path="/trends" component={Page} />
          <Route path="/" component={() => null} />
        </MemoryRouter>
      </GatewayProvider>
    );
  }, document.createElement('div'));
  await settle();
}

const settle = (ms = 10) => vi.advanceTimersByTimeAsync(ms);
const go = async (address: string) => {
  history.set({ value: address });
  await settle();
};

test('an address is taken as it is, and patterns in it become what they mean', async () => {
  await open('/trends?points=a,b/*&span=5m');
  expect(choice.ids()).toEqual([]);
  await fake.asked[0]?.answer('b/1', 'b/2');
  expect(choice.ids()).toEqual(['a', 'b/1', 'b/2']);
  expect(choice.view()).toEqual({ spanMs: 300_000, end: null });
  expect(history.get()).toBe('/trends?points=a,b/1,b/2&span=5m');
});

test('a slow look-up of an address does not take the place of what was chosen meanwhile', async () => {
  await open('/trends?points=slow/*');
  choice.add('later');
  await settle();
  await fake.asked[0]?.answer('slow/1');
  expect(choice.ids()).toEqual(['later']);
  expect(history.get()).toMatch(/points=later&/);
  expect(choice.message()).toBe('');
});

test('nor of an address that came meanwhile, whichever is answered first', async () => {
  await open('/trends?points=one/*');
  await go('/trends?points=two/*');
  await fake.asked[1]?.answer('two/1');
  await fake.asked[0]?.answer('one/1');
  expect(choice.ids()).toEqual(['two/1']);
  await go('/trends?points=three/*');
  await go('/trends?points=four');
  await fake.asked[2]?.answer('three/1');
  expect(choice.ids()).toEqual(['four']);
  expect(history.get()).toBe('/trends?points=four');
});

test('nor does one that fails too late, or finds nothing, say so', async () => {
  await open('/trends?points=one/*');
  await go('/trends?points=four');
  await fake.asked[0]?.fail();
  expect(choice.message()).toBe('');
  await go('/trends?points=two/*');
  await go('/trends?points=five');
  await fake.asked[1]?.answer();
  expect([choice.message(), choice.ids()]).toEqual(['', ['five']]);
});

test('what two additions found is all there, in the order in which it was found', async () => {
  await open('/trends?points=a');
  choice.add('slow/*');
  choice.add('b');
  await settle();
  await fake.asked[0]?.answer('slow/1');
  expect(choice.ids()).toEqual(['a', 'b', 'slow/1']);
});

test('an addition is not for the picture of another address', async () => {
  await open('/trends?points=a');
  choice.add('slow/*');
  await go('/trends?points=b');
  await fake.asked[0]?.answer('slow/1');
  expect(choice.ids()).toEqual(['b']);
});

test('who has gone on to another page is not brought back, and chooses nothing there', async () => {
  await open('/trends?points=a');
  choice.add('slow/*');
  choice.setView({ spanMs: 10_000, end: T - 5_000 });
  await go('/');
  await fake.asked[0]?.answer('slow/1');
  await settle(REST_MS);
  expect(history.get()).toBe('/');
  expect(gateway.chosen.ids()).toEqual(['a']);
});

test('while patterns are looked up the address keeps them, though somebody zooms; also where nobody answered', async () => {
  await open('/trends?points=slow/*&span=5m');
  choice.setSpan(60_000);
  choice.setView({ spanMs: 10_000, end: T - 5_000 });
  await settle(REST_MS);
  expect(history.get()).toBe('/trends?points=slow/*&span=5m');
  await fake.asked[0]?.answer('slow/1');
  expect(history.get()).toBe('/trends?points=slow/1&span=10s&until=2026-11-27T21:59:55.000Z');
  expect(gateway.chosen.spanMs()).toBe(60_000);
});

test('a view is in the address once it is at rest, and no more when it follows again', async () => {
  await open('/trends?points=a&span=5m');
  const written: string[] = [];
  history.listen((value) => void written.push(value));
  for (let at = 0; at < 100; at += 1) {
    choice.setView({ spanMs: 10_000, end: T - 5_000 - at });
    await settle(20);
  }
  expect(written).toEqual([]);
  await settle(REST_MS);
  expect(written).toEqual(['/trends?points=a&span=10s&until=2026-11-27T21:59:54.901Z']);
  expect(choice.view().end).toBe(T - 5_099);
  choice.toLive();
  await settle(REST_MS);
  expect(history.get()).toBe('/trends?points=a&span=5m');
});

test('an address brings its stretch, without a change of how much is looked at live; back leads to the page before', async () => {
  await open('/trends?points=a&span=5m');
  await go('/trends?points=a&span=6905ms&until=2026-11-27T21:58:00.500Z');
  expect(choice.view()).toEqual({ spanMs: 6_905, end: T - 119_500 });
  choice.setView({ spanMs: 2_000, end: T - 119_500 });
  await settle(REST_MS);
  expect(history.get()).toMatch(/span=2s&until/);
  history.back();
  await settle();
  expect(history.get()).toBe('/trends?points=a&span=5m');
  expect(choice.view()).toEqual({ spanMs: 300_000, end: null });
  history.forward();
  await settle();
  expect(choice.view()).toEqual({ spanMs: 2_000, end: T - 119_500 });
  choice.toLive();
  expect(choice.view()).toEqual({ spanMs: 300_000, end: null });
});

test('a point that is added to a stretch leaves the stretch', async () => {
  await open('/trends?points=a&span=10s&until=2026-11-27T21:58:00.000Z');
  choice.add('b');
  await settle();
  expect(history.get()).toBe('/trends?points=a,b&span=10s&until=2026-11-27T21:58:00.000Z');
  await go('/trends');
  expect(history.get()).toBe('/trends?points=a,b&span=10s&until=2026-11-27T21:58:00.000Z');
});

test('an address with a slash at its end, or in other letters, is the same page', async () => {
  for (const address of ['/trends/?points=a&span=5m', '/Trends?points=a&span=5m']) {
    gateway?.chosen.choose([], 60_000);
    await open(address);
    expect([choice.ids(), choice.view()]).toEqual([['a'], { spanMs: 300_000, end: null }]);
    choice.add('b');
    await settle();
    expect(history.get()).toBe('/trends?points=a,b&span=5m');
    end();
  }
});

test('an address with a pattern that means nothing yet stays, and so does what was chosen', async () => {
  localStorage.setItem('pointcast.trend', JSON.stringify({ ids: ['x', 'y'], spanMs: 60_000 }));
  await open('/trends?points=hall/**');
  await fake.asked[0]?.answer();
  expect(choice.message()).toMatch(/hall\/\*\*/);
  choice.setView({ spanMs: 10_000, end: T - 5_000 });
  await settle(REST_MS);
  expect(history.get()).toBe('/trends?points=hall/**');
  expect(choice.ids()).toEqual(['x', 'y']);
  expect(localStorage.getItem('pointcast.trend')).toContain('"x","y"');
});

test('what means something is shown meanwhile; what is chosen then is in the address', async () => {
  await open('/trends?points=hall/**,b/*&span=5m');
  await fake.asked[0]?.answer();
  await fake.asked[1]?.answer('b/1');
  expect([choice.ids(), history.get()]).toEqual([['b/1'], '/trends?points=hall/**,b/*&span=5m']);
  choice.add('c');
  await settle();
  expect(history.get()).toBe('/trends?points=b/1,c&span=5m');
});

test('an address of what is to come, by the gateway\'s clock, follows', async () => {
  await open('/trends?points=a&span=10s&until=2026-11-27T23:00:00.000Z');
  expect(choice.view(), 'whose clock is not known yet').toEqual({ spanMs: 10_000, end: T + 3_600_000 });
  fake.contact = { ...fake.contact, offsetMs: 3_590_000 };
  fake.emit('contact', fake.contact);
  await settle();
  expect(choice.view()).toEqual({ spanMs: 900_000, end: null });
  await settle(REST_MS);
  expect(history.get()).toBe('/trends?points=a&span=15m');
  await go('/trends?points=a&span=10s&until=2026-11-27T22:59:00.000Z');
  await settle(REST_MS);
  expect(choice.view()).toEqual({ spanMs: 10_000, end: T + 3_540_000 });
});

test('an addition tells whether there was something; of another picture nobody asks', async () => {
  await open('/trends?points=a');
  expect(await choice.add('b')).toBe(true);
  const added = [choice.add('none/*'), choice.add('fails/*'), choice.add('some/*'), choice.add('late/*')];
  await settle();
  await fake.asked[0]?.answer();
  await fake.asked[1]?.fail();
  await fake.asked[2]?.answer('some/1');
  await go('/trends?points=c');
  await fake.asked[3]?.answer();
  expect(await Promise.all(added)).toEqual([false, false, true, true]);
});
