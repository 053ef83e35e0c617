import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { type Client, connect } from '../src/index.js';
import { matcher } from '../src/entries.js';
import { LOOK_MS } from '../src/wake.js';
import { Tab, browser } from './model/browser.js';
import { HEARTBEAT_MS, OPTIONS, Shown, world } from './model/world.js';

// Tabs that elect one to have the stream, against a gateway and a browser in which anything happens: each shows the truth
// in the end, and nothing else as live; and there is one stream.

const IDS = ['a/1', 'a/2', 'b/1', 'c'];
const MATCHES = ['a/*', 'a/1', 'b/**', '**', 'c'];
/** A leader that is gone is missed like a gateway: two heartbeats, a margin between tabs, and the next look. */
const STALE_MS = 2 * HEARTBEAT_MS + 1_000 + LOOK_MS + 200;

const ACT = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant('set' as const), id: fc.constantFrom(...IDS) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('remove' as const), id: fc.constantFrom(...IDS) }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('pass' as const), ms: fc.constantFrom(1, 20, 300, 1_500, 6_000) }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('watch' as const), at: fc.nat(3), match: fc.constantFrom(...MATCHES) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('unwatch' as const), at: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('kill' as const), at: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('open' as const) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom('freeze' as const, 'resume' as const, 'close' as const), at: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('cut' as const, 'restart' as const, 'slow' as const) }) },
);
type Act = typeof ACT extends fc.Arbitrary<infer T> ? T : never;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

interface Open {
  tab: Tab;
  client: Client;
  frozen: boolean;
  watching: { match: string; shown: Shown; close: () => void }[];
}

class Trial {
  readonly all = world();
  readonly died;
  open: Open[] = [];
  readonly ended = new Map<number, number>();
  #count = 0;

  constructor(locks: boolean) {
    this.died = browser(locks);
    for (const id of IDS) this.set(id);
    for (let at = 0; at < 3; at += 1) this.add();
  }

  set(id: string): void {
    this.end(id);
    this.#count += 1;
    this.all.gateway.set(id, this.#count);
  }

  end(id: string): void {
    const value = this.all.gateway.points.get(id)?.value as number | undefined;
    if (value !== undefined) this.ended.set(value, Date.now());
  }

  add(): void {
    const tab = new Tab();
    const client = tab.run(() => connect({ ...OPTIONS, share: 'channel' }));
    this.open.push({ tab, client, frozen: false, watching: [] });
    this.watch(this.open.at(-1)!, 'a/*');
  }

  watch({ tab, client, watching }: Open, match: string): void {
    const shown = new Shown();
    const watch = tab.run(() => client.watch(match, shown.callback));
    watching.push({ match, shown, close: () => tab.run(() => watch.close()) });
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      await this.all.pass(Math.min(left, 50));
      this.all.gateway.pump();
    }
  }

  async do(act: Act): Promise<void> {
    const { gateway, network } = this.all;
    const at = 'at' in act ? this.open[act.at] : undefined;
    if (act.act === 'set') this.set(act.id);
    if (act.act === 'remove') {
      this.end(act.id);
      gateway.remove(act.id);
    }
    if (act.act === 'pass') await this.pass(act.ms);
    if (act.act === 'watch' && at && !at.frozen) this.watch(at, act.match);
    if (act.act === 'unwatch') at?.watching.shift()?.close();
    if (act.act === 'open' && this.open.length < 4) this.add();
    if (act.act === 'kill' && at && this.open.length > 1) {
      this.died(at.tab);
      network.died(at.tab);
      this.open = this.open.filter((one) => one !== at);
    }
    if (act.act === 'close' && at && this.open.length > 1) {
      at.tab.run(() => at.client.close());
      this.open = this.open.filter((one) => one !== at);
    }
    if ((act.act === 'freeze' || act.act === 'resume') && at && at.frozen !== (act.act === 'freeze')) {
      at.frozen = act.act === 'freeze';
      at.tab.tell(act.act);
    }
    if (act.act === 'cut') network.cut();
    if (act.act === 'restart') gateway.restart();
    if (act.act === 'slow') network.delayMs = network.delayMs > 0 ? 0 : 300;
  }

  check(): void {
    for (const { client, watching, frozen } of this.open) {
      for (const { match, shown } of watching) {
        for (const { id, value, live } of shown.points.values()) {
          if (!live) continue;
          expect(client.state === 'lost' || frozen, 'nothing is live without contact').toBe(false);
          const age = Date.now() - (this.ended.get(value as number) ?? Infinity);
          expect(age, `${id} = ${value} of ${match} is shown as live ${age} ms after it was true`).toBeLessThanOrEqual(STALE_MS);
        }
      }
    }
  }

  async finish(): Promise<void> {
    const { gateway, network } = this.all;
    network.delayMs = 0;
    for (const one of this.open) if (one.frozen) one.tab.tell('resume');
    await this.pass(60_000);
    for (const { client, watching } of this.open) {
      expect(client.state).toBe('live');
      for (const { match, shown } of watching) {
        const truth = [...gateway.points].filter(([id]) => matcher([match])(id)).map(([id, { value }]) => [id, value]);
        expect(shown.values(), `what ${match} shows`).toEqual(Object.fromEntries(truth));
        expect(shown.live).toEqual([...shown.points.keys()].sort());
      }
    }
    expect(gateway.wires.size).toBe(1);
    // Of those that died without a word, in time.
    await this.pass(200_000);
    const wanted = this.open.flatMap(({ watching }) => watching.map(({ match }) => match));
    for (const id of gateway.points.keys()) expect([...gateway.wires][0]!.session.joined.has(id), id).toBe(matcher(wanted)(id));
    for (const { tab, client } of this.open) tab.run(() => client.close());
    await this.pass(10);
    expect(gateway.wires.size).toBe(0);
  }
}

test.each([true, false])('tabs end with the truth and one stream, and show nothing else as live (locks: %s)', async (locks) => {
  const long = process.env['POINTCAST_LONG'] ? 20 : 1;
  await fc.assert(fc.asyncProperty(fc.array(ACT, { maxLength: 25, size: 'max' }), async (acts) => {
    const trial = new Trial(locks);
    await trial.pass(20);
    for (const act of acts) {
      await trial.do(act);
      await trial.all.pass(0);
      trial.check();
    }
    await trial.finish();
  }), { numRuns: 8 * long });
}, 600_000);

test('a tab that dies is followed by another in the same session, and nothing is lost', async () => {
  const trial = new Trial(true);
  await trial.pass(3_000);
  const { gateway } = trial.all;
  const client = [...gateway.wires][0]!.session.client;
  const [first] = trial.open;
  await trial.do({ act: 'kill', at: 0 });
  trial.set('a/1');
  await trial.pass(3_000);
  expect(first!.client).not.toBe(trial.open[0]!.client);
  expect([...gateway.wires].map(({ session }) => session.client)).toEqual([client]);
  expect(gateway.opened).toBe(2);
  expect(trial.open[0]!.watching[0]!.shown.values()).toEqual({ 'a/1': 5, 'a/2': 2 });
  expect(trial.open[0]!.watching[0]!.shown.calls.every(({ removed }) => removed.length === 0)).toBe(true);
});

test.each([true, false])('a tab that was frozen shows nothing as live, and then not what went meanwhile (locks: %s)', async (locks) => {
  const trial = new Trial(locks);
  await trial.pass(5_000);
  for (const at of [0, 1, 2]) {
    const { shown } = trial.open[at]!.watching[0]!;
    const gone = `a/${at === 0 ? 1 : 2}`;
    expect(shown.live).toContain(gone);
    await trial.do({ act: 'freeze', at });
    expect(shown.live).toEqual([]);
    trial.end(gone);
    trial.all.gateway.remove(gone);
    await trial.pass(5_000);
    await trial.do({ act: 'resume', at });
    expect(shown.live).toEqual([]);
    await trial.pass(10_000);
    expect([...shown.points.keys()]).not.toContain(gone);
    trial.set(gone);
    await trial.pass(200);
  }
  await trial.finish();
});

// Whichever of the three leads.
test.each([0, 1, 2])('a new tab that leads begins a new session, and what is not in it is told as removed (%i)', async (at) => {
  const trial = new Trial(false);
  await trial.pass(6_000);
  trial.end('a/1');
  trial.all.gateway.remove('a/1');
  await trial.do({ act: 'open' });
  await trial.all.pass(0);
  await trial.do({ act: 'kill', at });
  await trial.finish();
});
