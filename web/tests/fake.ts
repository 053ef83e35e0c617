// A client without a gateway: what it is told to tell, it tells.

import type { Callback, Client, Events, Point, PointInfo } from 'pointcast';

/** A point that is good and live, but for what is said otherwise. */
export function pointOf(id: string, over: Partial<Point> = {}): Point {
  return { id, value: 1, quality: 'good', time: 1_000, live: true, ...over };
}

interface FakeWatch {
  patterns: readonly string[];
  callback: Callback;
  open: boolean;
}

/** Watches are kept with their patterns, but for those of the gateway's own points; `walks` holds what was asked about points. */
export class FakeClient {
  readonly watches: FakeWatch[] = [];
  readonly #own: FakeWatch[] = [];
  readonly walks: (readonly string[])[] = [];
  infos: PointInfo[] = [];
  failing = false;
  contact: Events['contact'] = { state: 'live', lastContact: 0, offsetMs: 0, why: null };
  readonly #listeners = new Map<string, Set<(event: never) => void>>();

  on(name: string, listener: (event: never) => void): () => void {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all.add(listener));
    return () => void all.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(event as never);
  }

  watch(patterns: readonly string[], callback: Callback): { close(): void } {
    const watch = { patterns, callback, open: true };
    (patterns.every((one) => one.startsWith('$gateway/')) ? this.#own : this.watches).push(watch);
    return { close: () => void (watch.open = false) };
  }

  /** To every open watch. */
  tell(points: readonly Point[], removed: readonly string[] = []): void {
    for (const { callback, open } of [...this.watches, ...this.#own]) if (open) callback(points, removed);
  }

  async *points(match: readonly string[]): AsyncGenerator<PointInfo, void, void> {
    this.walks.push(match);
    if (this.failing) throw new Error('no gateway');
    yield* this.infos;
  }

  read(ids: readonly string[]): Promise<PointInfo[]> {
    this.walks.push(ids);
    return this.failing ? Promise.reject(new Error('no gateway')) : Promise.resolve(this.infos.filter(({ id }) => ids.includes(id)));
  }

  close(): void {}

  /** As what it stands for. */
  get client(): Client {
    return this as unknown as Client;
  }
}
