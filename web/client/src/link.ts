// A reader's way to its engine: kept up, given up while the page is away, and found anew when the engine falls silent.

import type { Ask, Said, Setting } from './engine.js';
import type { Inlet } from './local.js';
import { NOWHERE, attach } from './share.js';
import type { Entry, Options } from './types.js';
import { watchLife } from './wake.js';

/** How often the engine hears that the reader is there, and answers. */
export const BEAT_MS = 10_000;
/** What an answer may take between tabs. */
const MARGIN_MS = 1_000;

/** What a link needs of its reader. */
export interface Ends {
  setting: Setting;
  options: Options;
  entries(): readonly Entry[];
  hear(said: Said): void;
}

export class Link {
  #inlet: Inlet | undefined;
  #said: Said = NOWHERE;
  #heardAt = 0;
  /** The first ask since the engine was heard. */
  #askedAt = 0;
  #beatAt = 0;
  readonly #stop: () => void;

  constructor(readonly ends: Ends) {
    this.#stop = watchLife({
      away: () => this.#cut('the page is not shown'),
      back: () => this.#inlet || this.#connect(false),
      check: (slept) => this.#check(slept),
      look: () => this.#look(),
    });
    this.#connect(false);
  }

  /** Says what is wanted now. */
  watch(): void {
    this.#inlet?.ask({ ask: 'watch', entries: this.ends.entries(), auth: this.ends.options.token !== undefined });
  }

  close(): void {
    this.#stop();
    this.#cut(null);
  }

  #connect(steal: boolean): void {
    const { setting, options } = this.ends;
    this.#heardAt = this.#askedAt = this.#beatAt = performance.now();
    const inlet = attach(setting, options.share ?? 'auto', (said) => inlet === this.#inlet && this.#hear(said), steal);
    this.#inlet = inlet;
    // What is watched in the same go is in the first address.
    queueMicrotask(() => inlet === this.#inlet && this.watch());
  }

  #hear(said: Said): void {
    this.#heardAt = performance.now();
    this.#said = said;
    if (said.who) this.watch();
    if (said.token !== undefined) void this.#give(said.token);
    this.ends.hear(said);
  }

  async #give(ticket: number): Promise<void> {
    const inlet = this.#inlet;
    const token = await tokenOf(this.ends.options).catch(() => undefined);
    inlet?.ask({ ask: 'token', ticket, token });
  }

  #cut(why: string | null): void {
    this.#inlet?.close();
    this.#inlet = undefined;
    this.#said = { ...NOWHERE, why, gone: true };
    this.ends.hear(this.#said);
  }

  #check(slept: boolean): void {
    this.#look();
    this.#ask({ ask: 'check', slept });
  }

  /** An engine that has contact speaks with every heartbeat; one that has none, when it is spoken to. */
  #look(): void {
    if (!this.#inlet) return;
    const now = performance.now();
    const { phase, heartbeatMs } = this.#said;
    const silent = now - this.#heardAt - MARGIN_MS;
    const unanswered = this.#askedAt > this.#heardAt && now - this.#askedAt > BEAT_MS;
    if (phase === 'live' || phase === 'catching' ? silent > 2 * heartbeatMs : unanswered) {
      this.#cut('the tab or worker that has the stream is silent');
      return this.#connect(true);
    }
    if (now - this.#beatAt < BEAT_MS) return;
    this.#beatAt = now;
    this.#ask({ ask: 'beat' });
  }

  #ask(ask: Ask): void {
    if (this.#askedAt <= this.#heardAt) this.#askedAt = performance.now();
    this.#inlet?.ask(ask);
  }
}

/** The token of now. */
export async function tokenOf({ token }: Options): Promise<string | undefined> {
  return typeof token === 'function' ? token() : token;
}
