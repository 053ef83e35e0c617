// The points of the trend: which they are, and that they are watched as long as the page is open, whatever it shows, so
// that their hour is there when somebody looks.
//
// What holds: they are remembered between visits, and never more than a chart can show.

import { type Accessor, createEffect, createSignal, onCleanup } from 'solid-js';
import { patternFault } from 'pointcast';
import { type Records, createRecorder } from './recorder.js';

/** More lines than this nobody can tell apart. */
export const MOST_LINES = 12;
const KEPT = 'pointcast.trend';

/** The points of the trend. */
export interface Chosen {
  /** Their ids, in the order in which they were chosen. */
  readonly ids: Accessor<readonly string[]>;
  /** Takes others. */
  choose(ids: readonly string[]): void;
}

/** Ids out of whatever was kept or came in an address: each once, none that is no id, and not too many. */
export function idsOf(kept: unknown): string[] {
  if (!Array.isArray(kept)) return [];
  const ids = kept.filter((id): id is string => typeof id === 'string' && !id.includes('*') && patternFault(id) === null);
  return [...new Set(ids)].slice(0, MOST_LINES);
}

/** Watches what was chosen, from the last visit on. */
export function createChosen(records: Records): Chosen {
  const [ids, setIds] = createSignal<readonly string[]>(remembered());
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
    choose(wanted) {
      const next = idsOf(wanted);
      if (next.join() === ids().join()) return;
      setIds(next);
      try {
        localStorage.setItem(KEPT, JSON.stringify(next));
      } catch {
        // A browser that keeps nothing: it is so until the page is closed.
      }
    },
  };
}

function remembered(): string[] {
  try {
    return idsOf(JSON.parse(localStorage.getItem(KEPT) ?? '[]'));
  } catch {
    return [];
  }
}
