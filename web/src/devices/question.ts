// What is asked again and again while the page is seen.
//
// What holds: one question at a time; none while nobody looks or there is no contact, and one at once when there is
// again; an answer that is not the newest question's any more is told as old.

import { type Accessor, createEffect, createSignal, on, onCleanup } from 'solid-js';
import { useGateway } from '../live/gateway.js';

/** What is known. */
export interface Answer<Value> {
  readonly value: Value | undefined;
  /** When it came, by this machine's clock, Unix ms; null for never. */
  readonly at: number | null;
  /** Why the newest question has no answer; null if it has, or none was asked yet. */
  readonly fault: unknown;
}

/** An answer, and whether it is what is so now. */
export interface Asked<Value> {
  readonly answer: Accessor<Answer<Value>>;
  readonly isFresh: Accessor<boolean>;
  /** Asks right away, unless a question is under way. */
  readonly again: () => void;
}

/** An answer is old once so many intervals have passed without another. */
export const OLD_AFTER = 3;

/** Asks every `everyMs` as long as the component lives. */
export function createQuestion<Value>(ask: () => Promise<Value>, everyMs: number): Asked<Value> {
  const { isLost, now } = useGateway();
  const [answer, setAnswer] = createSignal<Answer<Value>>({ value: undefined, at: null, fault: null });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  let ended = false;

  const isWanted = () => !document.hidden && !isLost();
  const next = async () => {
    clearTimeout(timer);
    if (isAsking || ended || !isWanted()) return;
    isAsking = true;
    try {
      const value = await ask();
      if (!ended) setAnswer({ value, at: Date.now(), fault: null });
    } catch (fault) {
      if (!ended) setAnswer((before) => ({ ...before, fault }));
    }
    isAsking = false;
    if (!ended) timer = setTimeout(() => void next(), everyMs);
  };
  const look = () => void next();

  // The gateway is heard again and again: only that it is there once more is news.
  createEffect(on(isLost, look));
  document.addEventListener('visibilitychange', look);
  onCleanup(() => {
    ended = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', look);
  });
  const isFresh = () => {
    now();
    const { at, fault } = answer();
    return !isLost() && fault === null && at !== null && Date.now() - at <= everyMs * OLD_AFTER;
  };
  return { answer, isFresh, again: look };
}
