// Since when points are not good. The stream does not say it in its short form, so it is asked for, of the points that
// somebody looks at and once for each trouble.
//
// What holds: what is told is of the quality and reason that the point has now, or nothing is told.

import { createSignal, onCleanup, untrack } from 'solid-js';
import type { Client, Point } from 'pointcast';

const ASK_MS = 1_000;
/** As many are asked for at once. */
const MOST_ASKED = 200;

interface Known {
  readonly quality: string;
  readonly reason: string | undefined;
  readonly since: number | null;
}

/** Since when points are as they are. */
export interface Sinces {
  /** Unix ms, by the gateway's clock; null while it is not known. Tracked. */
  of(point: Point): number | null;
}

/** Asks as long as the component lives, for what `of` was called with meanwhile. `held`: the points that there are. */
export function createSinces(client: Client, held: () => ReadonlyMap<string, Point>): Sinces {
  const known = new Map<string, Known>();
  const wanted = new Map<string, Point>();
  const [version, setVersion] = createSignal(0);
  let isBusy = false;

  const ask = async () => {
    for (const id of known.keys()) if (!held().has(id)) known.delete(id);
    if (isBusy || wanted.size === 0 || document.hidden || client.contact.state === 'lost') return;
    isBusy = true;
    const ids = [...wanted.keys()].slice(0, MOST_ASKED);
    for (const id of ids) wanted.delete(id);
    try {
      for (const { id, quality, reason, since } of await client.read(ids)) known.set(id, { quality, reason, since: since ?? null });
    } catch {
      // What is still looked at is asked for again, as it is drawn anew now.
    }
    isBusy = false;
    setVersion((before) => before + 1);
  };
  const timer = setInterval(() => void ask(), ASK_MS);
  onCleanup(() => clearInterval(timer));

  return {
    of(point) {
      version();
      const one = known.get(point.id);
      if (point.quality === 'good') {
        known.delete(point.id);
        return null;
      }
      if (one && one.quality === point.quality && one.reason === point.reason) return one.since;
      untrack(() => wanted.set(point.id, point));
      return null;
    },
  };
}
