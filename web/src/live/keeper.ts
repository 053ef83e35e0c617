// Keeps the trend's lines over a reload, and for another tab: read when the page begins, written then, when it is hidden or
// left, and every few minutes while it is seen.
//
// What holds: nothing is written before what was there has been read, and nothing over what another page kept; a line is
// kept from when this page first heard the gateway's present run; where the browser keeps nothing everything else is as it
// is.

import { type Accessor, createSignal, onCleanup, untrack } from 'solid-js';
import { type Kept, keptOf, takenBack } from './kept.js';
import type { Records } from './recorder.js';

/** A page that ends without a word loses no more than this. A wall screen may write to a memory card, which wears. */
export const WRITE_MS = 300_000;
/** What tells one run of a gateway from any other. */
const RUN = ['$gateway/started', '$gateway/name'];

/** Where each page can keep one thing. Neither ever fails. */
export interface Store {
  /** What all of them kept, those that began first first. Before anything is written. */
  read(): Promise<readonly unknown[]>;
  /** In place of what this page kept. */
  write(kept: Kept): void;
}

/** Keeps the lines of these points. Whether what was kept is back, as far as there was any. */
export function createKeeper({ client, time, history }: Records, ids: Accessor<readonly string[]>, store: Store): Accessor<boolean> {
  const [isRestored, setRestored] = createSignal(false);
  const told = new Map<string, unknown>();
  let run: string | null = null;
  let since = -Infinity;
  let restored: readonly string[] = [];
  let begin!: () => void;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const watch = client.watch(RUN, (news) => {
    for (const { id, value, live } of news) if (live) told.set(id, value);
    const now = JSON.stringify(RUN.map((id) => told.get(id)));
    if (RUN.some((id) => !told.has(id)) || now === run) return;
    if (run !== null) since = time.knownUntil();
    run = now;
    begin();
  });
  const write = () => {
    if (run === null || !untrack(isRestored)) return;
    // What other pages kept goes on from page to page, as far as there is room.
    const all = new Set([...untrack(ids), ...restored]);
    const kept = keptOf(run, time.knownUntil(), since, [...all].map((id) => [id, history.track(id)]));
    if (kept.lines.length > 0) store.write(kept);
  };
  void Promise.all([store.read(), begun, time.known]).then(([found]) => {
    const lines = run === null || since > -Infinity ? [] : takenBack(found, run, time.now());
    for (const { id, until, ...track } of lines) history.restore(id, track, until, time.now());
    restored = lines.map(({ id }) => id);
    setRestored(true);
    write();
  });
  const hide = () => void (document.hidden && write());
  const timer = setInterval(() => document.hidden || write(), WRITE_MS);
  document.addEventListener('visibilitychange', hide);
  addEventListener('pagehide', write);
  onCleanup(() => {
    watch.close();
    clearInterval(timer);
    document.removeEventListener('visibilitychange', hide);
    removeEventListener('pagehide', write);
  });
  return isRestored;
}
