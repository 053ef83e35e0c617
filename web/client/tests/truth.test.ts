import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { connect } from '../src/index.js';
import type { Watch } from '../src/index.js';
import { matcher } from '../src/entries.js';
import type { Fate } from './model/network.js';
import { SETTLE_MS } from '../src/state.js';
import { LOOK_MS } from '../src/wake.js';
import { HEARTBEAT_MS, OPTIONS, Shown, world } from './model/world.js';

// The client against a gateway and a network that do anything: what it shows as live is never older than silence can
// stay unnoticed, never goes back, and in the end is the truth.

const IDS = ['a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'c'];
const MATCHES = ['a/*', 'a/1', 'a/2', 'b/**', '**', 'c'];
/** Frames are sent every 50 ms, and what is sent arrives at once. */
const FRESH_MS = 200;
/** Silence of two heartbeats is found out, and a frame may be under way before it. */
const STALE_MS = 2 * HEARTBEAT_MS + 100;

const FATE = fc.constantFrom<Fate>('well', 'well', 'lost before', 'lost after', 'refused', 'busy');
const ACT = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant('set' as const), id: fc.constantFrom(...IDS) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('remove' as const), id: fc.constantFrom(...IDS) }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('pump' as const), frames: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('pass' as const), ms: fc.constantFrom(1, 20, 300, 900, 1_500, 6_000, 12_000) }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('watch' as const), match: fc.constantFrom(...MATCHES), slow: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('unwatch' as const), at: fc.nat(7) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('cut' as const), half: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('silence' as const, 'restart' as const, 'expire' as const, 'slept' as const) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('fate' as const), open: FATE, edit: FATE, delayMs: fc.constantFrom(0, 0, 5, 400, 1_200) }) },
);
type Act = typeof ACT extends fc.Arbitrary<infer T> ? T : never;

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

interface Watching {
  matches: string[];
  shown: Shown;
  watch: Watch;
}

class Trial {
  readonly all = world();
  readonly client;
  readonly open: Watching[] = [];
  /** Each value a point had, and from when to when. */
  readonly past = new Map<string, { value: number; from: number; to: number }[]>();
  #count = 0;
  #hung = false;

  constructor(readonly compact: boolean, readonly ids: readonly string[]) {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    for (const id of ids) this.set(id);
    this.client = connect({ ...OPTIONS, compact });
    this.watch('a/*', false);
  }

  set(id: string): void {
    this.end(id);
    this.#count += 1;
    const past = this.past.get(id) ?? [];
    past.push({ value: this.#count, from: Date.now(), to: Infinity });
    this.past.set(id, past);
    this.all.gateway.set(id, this.#count);
  }

  end(id: string): void {
    const last = this.past.get(id)?.at(-1);
    if (last) last.to = Math.min(last.to, Date.now());
  }

  watch(match: string, slow: boolean): void {
    const shown = new Shown();
    const last = new Map<string, number>();
    const matches = [match];
    const watch = this.client.watch(slow ? { match, interval_ms: 1_000 } : match, (points, removed) => {
      shown.callback(points, removed);
      for (const { id, value, live } of points) {
        expect(matcher(matches)(id), `${id} is not of ${match}`).toBe(true);
        if (!live) continue;
        expect(value as number, `${id} went back`).toBeGreaterThanOrEqual(last.get(id) ?? 0);
        last.set(id, value as number);
      }
    });
    this.open.push({ matches, shown, watch });
  }

  async do(act: Act): Promise<void> {
    const { gateway, network, pass } = this.all;
    switch (act.act) {
      case 'set':
        return this.set(act.id);
      case 'remove':
        this.end(act.id);
        return gateway.remove(act.id);
      case 'pump':
        await pass();
        gateway.pump(act.frames);
        return pass();
      case 'pass':
        // What it has to send it does send within a moment, unless it is hung.
        for (let left = act.ms; left > 0; left -= 50) {
          await pass(Math.min(left, 50));
          if (act.ms > 20 && !gateway.silent) gateway.pump();
        }
        return;
      case 'watch':
        return this.watch(act.match, act.slow);
      case 'unwatch':
        return this.open.splice(act.at, 1).forEach(({ watch }) => watch.close());
      case 'cut':
        return network.cut(act.half);
      case 'silence':
        gateway.silent = this.#hung = true;
        return;
      case 'restart':
        gateway.silent = false;
        return gateway.restart();
      case 'expire':
        network.cut();
        gateway.sessions.clear();
        return;
      case 'slept':
        this.#hung = true;
        await pass(SETTLE_MS);
        vi.setSystemTime(Date.now() + 60_000);
        return pass(LOOK_MS);
      case 'fate':
        network.fate = { open: act.open, edit: act.edit };
        network.delayMs = act.delayMs;
    }
  }

  /** What is shown as live was true a moment ago. */
  check(): void {
    expect(this.all.gateway.most, 'one stream at a time').toBeLessThanOrEqual(1);
    for (const { shown, matches } of this.open) {
      for (const { id, value, live } of shown.points.values()) {
        if (!live) continue;
        expect(this.client.state, 'nothing is live without contact').not.toBe('lost');
        const was = this.past.get(id)?.find((one) => one.value === value);
        const age = Date.now() - (was?.to ?? -Infinity);
        expect(age, `${id} = ${value} of ${matches} is shown as live ${age} ms after it was true`).toBeLessThanOrEqual(this.#hung ? STALE_MS : FRESH_MS);
      }
    }
  }

  async finish(): Promise<void> {
    const { gateway, network, pass } = this.all;
    Object.assign(network, { fate: { open: 'well', edit: 'well' }, delayMs: 0 });
    gateway.silent = false;
    for (let at = 0; at < 60; at += 1) {
      await pass(1_000);
      gateway.pump();
    }
    await pass(10);
    expect(this.client.state).toBe('live');
    for (const { shown, matches } of this.open) {
      const truth = [...gateway.points].filter(([id]) => matcher(matches)(id)).map(([id, { value }]) => [id, value]);
      expect(shown.values(), `what ${matches} shows`).toEqual(Object.fromEntries(truth));
      expect(shown.live).toEqual([...shown.points.keys()].sort());
    }
    const told = [...gateway.sessions.values()].find(({ wire }) => wire)!;
    const wanted = new Set(this.open.flatMap(({ matches }) => matches));
    for (const id of gateway.points.keys()) expect(told.joined.has(id), id).toBe(matcher(wanted)(id));
    this.client.close();
    await pass(10);
    expect(gateway.wires.size).toBe(0);
  }
}

test.each([true, false])('it ends with the truth, and shows nothing else as live (compact: %s)', async (compact) => {
  const long = process.env['POINTCAST_LONG'] ? 20 : 1;
  await fc.assert(fc.asyncProperty(fc.subarray(IDS), fc.array(ACT, { maxLength: 40, size: 'max' }), async (ids, acts) => {
    const trial = new Trial(compact, ids);
    await trial.all.pass();
    for (const act of acts) {
      await trial.do(act);
      await trial.all.pass(0);
      trial.check();
    }
    await trial.finish();
  }), { numRuns: 200 * long, endOnFailure: false });
}, 600_000);
