// The gateway's time to the millisecond, and until when anything is known of its points.
//
// What holds: only a heartbeat tells the gateway's clock exactly, and a stream that is never quiet has none; until one
// has come, the date of an answer does, so that no screen whose own clock is wrong places values by it.

import type { Client } from 'pointcast';

/** The date of an answer is that of its second. */
const SECOND_MS = 1_000;

/** When an answer was dated, and between which two moments of this machine it came. */
export interface Dated {
  readonly dateMs: number;
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** By how much another clock is ahead of this one. 0 where the difference may as well be none. */
export function offsetOf({ dateMs, askedAt, answeredAt }: Dated): number {
  if (answeredAt >= dateMs && askedAt < dateMs + SECOND_MS) return 0;
  return dateMs + SECOND_MS / 2 - (askedAt + answeredAt) / 2;
}

/** The gateway's time. */
export class GatewayTime {
  readonly #client: Client;
  readonly #ask: () => Promise<Dated | null>;
  #roughMs: number | null = null;
  #isAsked = false;
  #tell!: () => void;
  /** Fulfilled once it is the gateway's. */
  readonly known = new Promise<void>((resolve) => (this.#tell = resolve));

  constructor(client: Client, ask: () => Promise<Dated | null> = askDate) {
    this.#client = client;
    this.#ask = ask;
    client.on('contact', ({ state }) => {
      if (state !== 'lost') void this.#learn();
    });
  }

  /** Unix ms. This machine's own until anything is known. */
  now(): number {
    return Date.now() + this.#offsetMs();
  }

  /** Whether it is the gateway's yet. */
  get isKnown(): boolean {
    return (this.#client.contact.offsetMs ?? this.#roughMs) !== null;
  }

  /** Until when anything is known: now, or when the gateway was last heard if it is not heard any more. */
  knownUntil(): number {
    const { state, lastContact } = this.#client.contact;
    return state === 'lost' && lastContact !== null ? lastContact + this.#offsetMs() : this.now();
  }

  #offsetMs(): number {
    return this.#client.contact.offsetMs ?? this.#roughMs ?? 0;
  }

  async #learn(): Promise<void> {
    if (this.#client.contact.offsetMs !== null) this.#tell();
    if (this.#isAsked || this.isKnown) return;
    this.#isAsked = true;
    const dated = await this.#ask().catch(() => null);
    this.#isAsked = dated !== null;
    if (dated === null) return;
    this.#roughMs = offsetOf(dated);
    this.#tell();
  }
}

async function askDate(): Promise<Dated | null> {
  const askedAt = Date.now();
  const answer = await fetch('/api/v1/points?limit=1', { cache: 'no-store' });
  const dateMs = Date.parse(answer.headers.get('date') ?? '');
  return Number.isNaN(dateMs) ? null : { dateMs, askedAt, answeredAt: Date.now() };
}
