// What one watch is told, noted in the history: with the gateway's time, and to the end of the watch.
//
// What holds: contact lost counts from when the gateway was last heard, not from when its silence was noticed.

import { untrack } from 'solid-js';
import type { Client, Point } from 'pointcast';
import type { Catalog } from './catalog.js';
import type { History } from './history.js';

/** Where a recorder takes note. */
export interface Records {
  readonly client: Client;
  readonly catalog: Catalog;
  readonly history: History;
}

/** Takes note for one watch. */
export interface Recorder {
  /** What a watch is called with. */
  take(points: readonly Point[], removed: readonly string[]): void;
  /** The watch has ended. */
  end(): void;
}

/** The gateway's time, Unix ms, to the millisecond; this machine's own until the gateway has told its. */
export function gatewayTime(client: Client): number {
  return Date.now() + (client.contact.offsetMs ?? 0);
}

/** Until when anything is known: now, or when the gateway was last heard if it is not heard any more. */
export function knownUntil(client: Client): number {
  const { state, lastContact, offsetMs } = client.contact;
  return state === 'lost' && lastContact !== null ? lastContact + (offsetMs ?? 0) : gatewayTime(client);
}

/** A recorder for a watch that begins. */
export function createRecorder({ client, catalog, history }: Records): Recorder {
  const followed = new Set<string>();
  const typeOf = (id: string) => untrack(() => catalog.info(id)?.type);
  const leave = (id: string, at: number) => {
    if (followed.delete(id)) history.leave(id, at);
  };
  return {
    take(points, removed) {
      for (const { id } of points) {
        if (followed.has(id)) continue;
        followed.add(id);
        history.enter(id);
      }
      history.record(points, knownUntil(client), typeOf);
      for (const id of removed) leave(id, knownUntil(client));
    },
    end() {
      // A watch that takes this one's place may be told the same points in this very step: then nothing was missed.
      const at = knownUntil(client);
      setTimeout(() => [...followed].forEach((id) => leave(id, at)));
    },
  };
}
