// The points of the trend: which they are, and that they are watched as long as the page is open, whatever it shows, so
// that their hour is there when somebody looks.
//
// What holds: they are remembered between visits, and never more than a chart can show.

import { type Accessor, createEffect, createSignal, onCleanup } from 'solid-js';
import { patternFault } from 'pointcast';
import { KEPT_MS } from './history.js';
import { type Records, createRecorder } from './recorder.js';

/** More lines than this nobody can tell apart. */
export const MOST_LINES = 12;
const KEPT = 'pointcast.trend';

/** The points of the trend. */
export interface Chosen {
  /** Their ids, in the order in which they were chosen. */
  readonly ids: Accessor<readonly string[]>;
  /** How much of the past was looked at last. */
  readonly spanMs: Accessor<number>;
  /** Takes others. */
  choose(ids: readonly string[], spanMs: number): void;
}

/** The span of who has not chosen one. */
export const FIRST_SPAN_MS = 900_000;

/** Ids out of whatever was kept or came in an address: each once, none that is no id, and not too many. */
export function idsOf(kept: unknown): string[] {
  if (!Array.isArray(kept)) return [];
  const ids = kept.filter((id): id is string => typeof id === 'string' && !id.includes('*') && patternFault(id) === null);
  return [...new Set(ids)].slice(0, MOST_LINES);
}

/** Watches what was chosen, from the last visit on. */
export function createChosen(records: Records): Chosen {
  const before = remembered();
  const [ids, setIds] = createSignal<readonly string[]>(before.ids, { equals: (one, other) => one.join() === other.join() });
  const [spanMs, setSpanMs] = createSignal(before.spanMs);
  createEffect(() => {
    const wanted = ids();
    records.history.keep(wanted);
    if (wanted.length === 0) return;
    const recorder = createRecorder(records);
    const watch = records.client.watch(wanted, recorder.take);
    const unwant = records.catalog.want(wanted);
    onCleanup(() => {
      watch.close();
      unwant();
      recorder.end();
    });
  });
  return {
    ids,
    spanMs,
    choose(wanted, span) {
      setIds(idsOf(wanted));
      setSpanMs(span);
      try {
        localStorage.setItem(KEPT, JSON.stringify({ ids: ids(), spanMs: span }));
      } catch {
        // A browser that keeps nothing: it is so until the page is closed.
      }
    },
  };
}

function remembered(): { ids: string[]; spanMs: number } {
  try {
    const kept: { ids?: unknown; spanMs?: unknown } | null = JSON.parse(localStorage.getItem(KEPT) ?? 'null');
    const spanMs = Number(kept?.spanMs);
    return { ids: idsOf(kept?.ids), spanMs: spanMs > 0 && spanMs <= KEPT_MS ? spanMs : FIRST_SPAN_MS };
  } catch {
    return { ids: [], spanMs: FIRST_SPAN_MS };
  }
}
