// What points are called: unit, type, range, labels, of everything some part of the page wants.
//
// What holds: a pattern is asked for once until the gateway says that names have changed, one walk at a time; a walk that
// fails is tried again; what the gateway does not tell of any more is forgotten then; of patterns that nobody wants any
// more a bounded number is remembered. Values never come this way: only the stream has them in order.

import { type Accessor, createSignal } from 'solid-js';
import type { Client, PointInfo } from 'pointcast';

const RETRY_MS = 5_000;
/** As many patterns are asked for at once: a longer address than that makes the gateway may refuse. */
const MOST_PATTERNS = 50;
/** As many ids, which stand in no address. */
const MOST_IDS = 2_000;
/** Beyond as many patterns and ids what is wanted no more is no more remembered to have been asked for. */
export const MOST_REMEMBERED = 2_000;

/** Every point, the gateway's own too. */
export const EVERY_POINT = ['**', '$devices/**', '$gateway/**'];

/** Metadata by id. */
export class Catalog {
  readonly #client: Client;
  readonly #infos = new Map<string, PointInfo>();
  readonly #wanted = new Map<string, number>();
  readonly #walked = new Set<string>();
  readonly #lacking = new Set<string>();
  /** What was told of since names changed; null once all else is forgotten. */
  #told: Set<string> | null = null;
  #failed = 0;
  readonly #version: Accessor<number>;
  readonly #more: () => void;
  #busy = false;

  constructor(client: Client) {
    this.#client = client;
    const [version, setVersion] = createSignal(0);
    this.#version = version;
    this.#more = () => setVersion((before) => before + 1);
    client.on('catalog', () => {
      this.#walked.clear();
      for (const id of this.#lacking) if (!this.#wanted.has(id)) this.#lacking.delete(id);
      this.#told = new Set();
      void this.#walk();
    });
  }

  /** What is known of a point. Tracked: whoever asks within an effect hears of news. */
  info(id: string): PointInfo | undefined {
    this.#version();
    return this.#infos.get(id);
  }

  /** Everything that is known. Tracked. */
  all(): ReadonlyMap<string, PointInfo> {
    this.#version();
    return this.#infos;
  }

  /** Whether just this id was asked for, and the gateway has no such point. Tracked. */
  lacks(id: string): boolean {
    this.#version();
    return this.#lacking.has(id);
  }

  /** Wants the metadata of what the patterns take in. Returns what ends that. */
  want(patterns: readonly string[]): () => void {
    for (const pattern of patterns) this.#wanted.set(pattern, (this.#wanted.get(pattern) ?? 0) + 1);
    void this.#walk();
    return () => {
      for (const pattern of patterns) {
        const left = (this.#wanted.get(pattern) ?? 0) - 1;
        if (left > 0) this.#wanted.set(pattern, left);
        else this.#leave(pattern);
      }
    };
  }

  /** Nobody wants it any more. Whoever comes back to it need not ask again, unless much else was wanted meanwhile. */
  #leave(pattern: string): void {
    this.#wanted.delete(pattern);
    if (this.#walked.has(pattern) && this.#walked.size <= MOST_REMEMBERED) return;
    this.#walked.delete(pattern);
    this.#lacking.delete(pattern);
  }

  async #walk(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#next(); next.length > 0; next = this.#next()) {
        for (const pattern of next) this.#walked.add(pattern);
        await this.#take(next);
      }
      if (this.#failed === 0) this.#forget();
    } finally {
      this.#busy = false;
    }
  }

  /** Ids or patterns, as they are asked for otherwise. */
  #next(): string[] {
    const left = [...this.#wanted.keys()].filter((pattern) => !this.#walked.has(pattern));
    const ids = left.filter(isId);
    return ids.length > 0 ? ids.slice(0, MOST_IDS) : left.slice(0, MOST_PATTERNS);
  }

  /** Points that are no more. */
  #forget(): void {
    const told = this.#told;
    this.#told = null;
    if (told === null) return;
    const before = this.#infos.size;
    for (const id of this.#infos.keys()) if (!told.has(id)) this.#infos.delete(id);
    if (this.#infos.size < before) this.#more();
  }

  async #take(patterns: readonly string[]): Promise<void> {
    // A walk that began before names changed tells nothing of what there is now.
    const told = this.#told;
    try {
      const lacking = new Set(patterns.filter(isId));
      for await (const info of lacking.size > 0 ? await this.#client.read(patterns) : this.#client.points(patterns)) {
        this.#infos.set(info.id, info);
        told?.add(info.id);
        lacking.delete(info.id);
      }
      for (const id of patterns) {
        if (lacking.has(id) && this.#walked.has(id)) this.#lacking.add(id);
        else this.#lacking.delete(id);
      }
    } catch {
      this.#failed += 1;
      setTimeout(() => {
        this.#failed -= 1;
        for (const pattern of patterns) this.#walked.delete(pattern);
        void this.#walk();
      }, RETRY_MS);
    }
    this.#more();
  }
}

function isId(pattern: string): boolean {
  return !pattern.includes('*');
}
