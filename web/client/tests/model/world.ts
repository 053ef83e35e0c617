// A gateway, a network and a clock under the test's hands, and what a watcher is shown.

import { vi } from 'vitest';
import type { Callback, Point } from '../../src/index.js';
// Loaded at once, so that no test waits for a file.
import '../../src/local.js';
import { Gateway } from './gateway.js';
import { Network } from './network.js';

export const HEARTBEAT_MS = 1_000;
export const OPTIONS = { url: 'http://gateway.test', heartbeatMs: HEARTBEAT_MS, share: false } as const;

/** Takes over clocks, timers and `fetch` until `vi.useRealTimers()` and `vi.unstubAllGlobals()`. */
export function world(rest?: ConstructorParameters<typeof Network>[1]) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
  const gateway = new Gateway();
  const network = new Network(gateway, rest);
  network.install();
  return {
    gateway,
    network,
    /** Lets time pass, and everything happen that is due. */
    pass: async (ms = 1): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms)),
    /** Sends what the gateway has to send, and lets it arrive. */
    async flush(frames = Infinity): Promise<void> {
      await vi.advanceTimersByTimeAsync(1);
      gateway.pump(frames);
      await vi.advanceTimersByTimeAsync(1);
    },
  };
}

/** What a watcher shows: it does nothing but keep what it is told. */
export class Shown {
  points = new Map<string, Point>();
  calls: { points: readonly Point[]; removed: readonly string[] }[] = [];
  readonly callback: Callback = (points, removed) => {
    this.calls.push({ points, removed });
    for (const id of removed) this.points.delete(id);
    for (const point of points) this.points.set(point.id, point);
  };

  get live(): string[] {
    return [...this.points.values()].filter(({ live }) => live).map(({ id }) => id).sort();
  }

  values(): Record<string, unknown> {
    return Object.fromEntries([...this.points].map(([id, { value }]) => [id, value]));
  }
}
