// A browser in which tabs share channels and locks: each tab has its own, and loses them when it dies.

import { AsyncLocalStorage } from 'node:async_hooks';
import { vi } from 'vitest';

/** Which tab's code is running. */
const running = new AsyncLocalStorage<Tab>();

export class Tab {
  alive = true;
  readonly listeners = new Map<string, Set<(event: Event) => void>>();

  /** Runs `act` as this tab's code, and all that comes of it. */
  run<T>(act: () => T): T {
    return running.run(this, act);
  }

  /** What the browser tells the tab: `freeze`, `resume`. */
  tell(name: string): void {
    this.run(() => this.listeners.get(name)?.forEach((listener) => listener(new Event(name))));
  }
}

export const currentTab = (): Tab | undefined => running.getStore();

class Channel {
  static all = new Set<Channel>();
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly tab = currentTab();

  constructor(readonly name: string) {
    Channel.all.add(this);
  }

  postMessage(data: unknown): void {
    if (!this.tab?.alive) return;
    for (const other of Channel.all) {
      if (other === this || other.name !== this.name) continue;
      const copy = structuredClone(data);
      setTimeout(() => {
        if (Channel.all.has(other) && other.tab?.alive) other.tab.run(() => other.onmessage?.({ data: copy }));
      }, 1);
    }
  }

  close(): void {
    Channel.all.delete(this);
  }
}

interface Ask {
  tab: Tab | undefined;
  grant(): void;
  reject(): void;
}

class Locks {
  holder: Ask | undefined;
  queue: Ask[] = [];

  request(_: string, options: { steal?: boolean; signal?: AbortSignal }, then: () => Promise<void>): Promise<void> {
    const tab = currentTab();
    return new Promise((resolve, reject) => {
      const ask: Ask = {
        tab,
        grant: () => {
          this.holder = ask;
          void tab?.run(then).then(() => {
            resolve();
            this.free(ask);
          });
        },
        reject: () => reject(new DOMException('', 'AbortError')),
      };
      options.signal?.addEventListener('abort', () => {
        if (!this.queue.includes(ask)) return;
        this.queue = this.queue.filter((one) => one !== ask);
        ask.reject();
      });
      if (options.steal) {
        this.holder?.reject();
        this.holder = undefined;
        this.queue.unshift(ask);
      } else {
        this.queue.push(ask);
      }
      setTimeout(() => this.next(), 1);
    });
  }

  free(ask: Ask): void {
    if (this.holder === ask) this.holder = undefined;
    this.next();
  }

  next(): void {
    if (!this.holder) this.queue.shift()?.grant();
  }

  died(tab: Tab): void {
    this.queue = this.queue.filter((one) => one.tab !== tab);
    if (this.holder?.tab === tab) this.free(this.holder);
  }
}

/** A timer's act is that of the tab which set it, and of nobody once that is dead. */
function timersOfTabs(): void {
  for (const name of ['setTimeout', 'setInterval'] as const) {
    const faked = globalThis[name] as (act: () => void, ms?: number) => unknown;
    vi.stubGlobal(name, (act: () => void, ms?: number) => {
      const tab = currentTab();
      return faked(tab ? () => tab.alive && tab.run(act) : act, ms);
    });
  }
}

/**
 * Puts the browser's globals in place until `vi.unstubAllGlobals()`; the clock is to be taken over before. Returns what
 * takes from a tab what it had.
 */
export function browser(hasLocks: boolean): (tab: Tab) => void {
  Channel.all.clear();
  const locks = new Locks();
  const addEventListener = (name: string, act: (event: Event) => void, { signal }: { signal: AbortSignal }): void => {
    const listeners = currentTab()!.listeners;
    listeners.set(name, (listeners.get(name) ?? new Set()).add(act));
    signal.addEventListener('abort', () => listeners.get(name)!.delete(act));
  };
  timersOfTabs();
  vi.stubGlobal('document', { addEventListener, visibilityState: 'visible' });
  vi.stubGlobal('addEventListener', addEventListener);
  vi.stubGlobal('BroadcastChannel', Channel);
  vi.stubGlobal('navigator', hasLocks ? { locks } : {});
  return (tab) => {
    tab.alive = false;
    locks.died(tab);
  };
}
