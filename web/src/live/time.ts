// The gateway's time to the millisecond, and until when anything is known of its points.
//
// What holds: only a heartbeat tells the gateway's clock exactly, and a stream that is never quiet has none; until one
// has come, the date of an answer does, so that no screen whose own clock is wrong places values by it. Clocks are set
// now and then: it is asked for anew with each new contact, and until the answer it is as it was.

import type { Client } from 'pointcast';

/** The date of an answer is that of its second. */
const SECOND_MS = 1_000;
/** An answer that takes longer is none. */
const PATIENCE_MS = 5_000;
/** So long after a question that was in vain there is another. */
export const AGAIN_MS = 10_000;

/** When an answer was dated, and between which two moments of this machine it came. */
export interface Dated {
  readonly dateMs: number;
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** By how much another clock is ahead of this one: as much as was held, where that may as well be. */
export function offsetOf({ dateMs, askedAt, answeredAt }: Dated, heldMs: number): number {
  if (answeredAt + heldMs >= dateMs && askedAt + heldMs < dateMs + SECOND_MS) return heldMs;
  return dateMs + SECOND_MS / 2 - (askedAt + answeredAt) / 2;
}

/** The gateway's time. */
export class GatewayTime {
  readonly #client: Client;
  readonly #ask: () => Promise<Dated | null>;
  /** What holds where no heartbeat of this connection tells. */
  #heldMs: number | null = null;
  /** What this contact was asked. */
  #question: object | null = null;
  #tell!: () => void;
  /** Fulfilled once it is the gateway's. */
  readonly known = new Promise<void>((resolve) => (this.#tell = resolve));

  constructor(client: Client, ask: () => Promise<Dated | null> = askDate) {
    this.#client = client;
    this.#ask = ask;
    client.on('contact', ({ state, offsetMs }) => {
      if (offsetMs !== null) {
        this.#heldMs = offsetMs;
        this.#tell();
      }
      if (state === 'lost') this.#question = null;
      else if (this.#question === null) void this.#learn();
    });
  }

  /** Unix ms. This machine's own until anything is known. */
  now(): number {
    return Date.now() + this.#offsetMs();
  }

  /** Whether it is the gateway's yet. */
  get isKnown(): boolean {
    return this.#knownMs() !== null;
  }

  /** Until when anything is known: now, or when the gateway was last heard if it is not heard any more. */
  knownUntil(): number {
    const { state, lastContact } = this.#client.contact;
    return state === 'lost' && lastContact !== null ? lastContact + this.#offsetMs() : this.now();
  }

  #offsetMs(): number {
    return this.#knownMs() ?? 0;
  }

  /** What this connection's heartbeat tells, or else what is held. */
  #knownMs(): number | null {
    return this.#client.contact.offsetMs ?? this.#heldMs;
  }

  async #learn(): Promise<void> {
    const mine = (this.#question = {});
    while (this.#question === mine && this.#client.contact.offsetMs === null) {
      const dated = await this.#ask().catch(() => null);
      // Of a contact that is over: a clock may have been set between question and answer.
      if (this.#question !== mine || this.#client.contact.offsetMs !== null) return;
      if (dated !== null) {
        this.#heldMs = offsetOf(dated, this.#heldMs ?? 0);
        return this.#tell();
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

async function askDate(): Promise<Dated | null> {
  const askedAt = Date.now();
  const answer = await fetch('/api/v1/points?limit=1', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
  const dateMs = Date.parse(answer.headers.get('date') ?? '');
  return Number.isNaN(dateMs) ? null : { dateMs, askedAt, answeredAt: Date.now() };
}
