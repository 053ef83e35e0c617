// One stream for all tabs without a SharedWorker: the tabs elect one that has it, over a BroadcastChannel.
//
// Each tab has an engine, and that of the leader alone is active. The others follow its every step, so that each can go
// on with the same session at once when the leader ends. With Web Locks the browser elects: who holds the lock leads,
// and the death of a tab frees it. Without them (a page in clear text from another machine) a tab that hears no leader
// claims to be one, and becomes it if none objects; where two lead, the one with the lower name does. Two leaders for a
// moment cost a second stream, never a wrong value.

import { type Ask, Engine, type Io, type Said, type Setting, type Step } from './engine.js';

/** How long a claim, or a greeting, may go unanswered. */
export const ANSWER_MS = 500;
/** Tabs do not all speak at once. */
const SPREAD_MS = 500;

type Copy = ReturnType<Engine['copy']>;
type Word = { from: string; to?: string; hello?: true; lead?: Copy; step?: Step; ask?: Ask; claim?: true; who?: true };

export class Relay {
  readonly #me = Math.random().toString(36).slice(2) + Math.random().toString(36).slice(2);
  readonly #engine: Engine;
  readonly #channel: BroadcastChannel;
  readonly #locks = globalThis.navigator?.locks as LockManager | undefined;
  #leader = '';
  #closed = false;
  /** What is wanted here. */
  #watch: Ask | undefined;
  /** Takes back a claim, or the wait for a lock; frees the lock that is held. */
  #stop = (): void => {};

  /** `steal`: a leader was silent; take its place if it says nothing now. */
  constructor(readonly name: string, setting: Setting, readonly io: Io, readonly say: (said: Said) => void, steal: boolean) {
    this.#engine = new Engine(setting, io, (step) => this.#send({ step }), () => this.#resign());
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    this.#send({ hello: true });
    if (this.#locks && !steal) this.#queue();
    else this.#stand(ANSWER_MS);
  }

  ask(ask: Ask): void {
    if (ask.ask === 'watch') this.#watch = ask;
    this.#engine.hear(this.#me, ask, this.say);
    if (ask.ask !== 'token') this.#send({ ask });
  }

  close(): void {
    this.ask({ ask: 'bye' });
    this.#closed = true;
    this.#engine.resign();
    this.#stop();
    this.#channel.close();
  }

  #send(word: Omit<Word, 'from'>): void {
    if (!this.#closed) this.#channel.postMessage({ from: this.#me, ...word });
  }

  #hear({ from, to, hello, lead, step, ask, claim, who }: Word): void {
    if (this.#closed || (to && to !== this.#me)) return;
    if (lead) this.#led(from, lead);
    else if (step) this.#followed(from, step);
    else if (ask) this.#asked(from, ask);
    else if (who && this.#watch) this.#send({ ask: this.#watch });
    else if ((hello || claim) && this.#engine.active) this.#send({ to: from, lead: this.#engine.copy() });
    else if (claim && from < this.#me) this.#stand(ANSWER_MS + this.#silenceMs());
  }

  #asked(from: string, ask: Ask): void {
    const { active } = this.#engine;
    if (ask.ask === 'watch') this.#engine.hear(from, ask);
    else this.#engine.hear(from, ask, (said) => said.who && this.#send({ to: from, who: true }));
    if (active && ask.ask === 'beat') this.#engine.pulse();
    if (ask.ask === 'bye' && from === this.#leader) this.#orphaned();
  }

  #orphaned(): void {
    this.#leader = '';
    if (this.#engine.active) return;
    this.#engine.lose('another tab that had the stream is gone');
    if (!this.#locks) this.#stand(0);
  }

  #followed(from: string, step: Step): void {
    if (from === this.#leader && !this.#engine.active) {
      this.#engine.absorb(step);
      if (!this.#locks) this.#stand(this.#silenceMs());
    } else if (!this.#engine.active) {
      this.#send({ to: from, hello: true });
    } else if (!this.#locks) {
      // Two lead: both say so, and one gives way.
      this.#send({ to: from, lead: this.#engine.copy() });
    }
  }

  #led(from: string, copy: Copy): void {
    if (this.#engine.active) {
      if (this.#locks) return;
      if (from > this.#me) return this.#send({ to: from, lead: this.#engine.copy() });
      this.#engine.resign();
    }
    this.#leader = from;
    this.#engine.follow(copy);
    // It may have taken us for dead.
    if (this.#watch && !copy.readers.some(([name]) => name === this.#me)) this.#send({ ask: this.#watch });
    if (!this.#locks) this.#stand(this.#silenceMs());
  }

  #resign(): void {
    this.#engine.resign();
    this.#leader = '';
    this.#stop();
    if (this.#closed) return;
    this.#send({ hello: true });
    if (this.#locks) this.#queue();
    else this.#stand(ANSWER_MS);
  }

  #lead(): void {
    if (this.#closed || this.#engine.active) return;
    // Whoever led is gone, and what it wanted with it.
    if (this.#leader) this.#engine.hear(this.#leader, { ask: 'bye' });
    this.#leader = this.#me;
    this.#engine.lead();
    this.#send({ lead: this.#engine.copy() });
  }

  /** Waits for the lock, and leads while holding it. */
  #queue(steal = false): void {
    const abort = new AbortController();
    const held = new Promise<void>((free) => {
      this.#stop = () => {
        abort.abort();
        free();
      };
    });
    const granted = (): Promise<void> => {
      this.#lead();
      return held;
    };
    // Rejected when it is taken away, or was waited for in vain.
    this.#locks?.request(this.name, steal ? { steal } : { signal: abort.signal }, granted)
      .catch(() => abort.signal.aborted || this.#resign());
  }

  /** Claims to lead after `ms` without a leader. */
  #stand(ms: number): void {
    this.#stop();
    this.#stop = this.io.after(ms + SPREAD_MS * this.io.random(), () => {
      if (this.#locks) return this.#queue(this.#leader === '');
      if (this.#engine.active) return;
      this.#send({ claim: true });
      this.#stop = this.io.after(ANSWER_MS, () => this.#lead());
    });
  }

  #silenceMs(): number {
    return 2 * this.#engine.standing().heartbeatMs + ANSWER_MS;
  }
}
