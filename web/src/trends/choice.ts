// What the trend shows, as the address and the last visit have it: which points, and which stretch of time.
//
// What holds: the address says what is shown, and whoever comes without one finds the points that were shown last; it
// follows a view once that has come to rest, in the same entry of the history. What is chosen or asked for last is shown:
// a pattern that is looked up for long changes nothing then. An address with a pattern that means nothing yet stays: it
// may mean something when the page is loaded again.

import { useMatch, useNavigate, useSearchParams } from '@solidjs/router';
import { type Accessor, createEffect, createMemo, createSignal, on, onCleanup, untrack } from 'solid-js';
import { MOST_LINES, idsOf } from '../live/chosen.js';
import { useGateway } from '../live/gateway.js';
import { numberText } from '../text/format.js';
import { text } from '../text/language.js';
import { PAGE, addressOf, askedOf, viewOf } from './address.js';
import type { View } from './view.js';

/** So long nobody has moved a view that is at rest. Browsers let addresses be changed about three times a second. */
export const REST_MS = 500;

/** What is shown. */
export interface Choice {
  readonly ids: Accessor<readonly string[]>;
  readonly view: Accessor<View>;
  setView(view: View): void;
  /** Back to what is now, as much of it as was looked at last. */
  toLive(): void;
  /** Follows what is now, so much of it. */
  setSpan(spanMs: number): void;
  /** What is to be said of what was asked for last. */
  readonly message: Accessor<string>;
  /** Takes an id, or what a pattern means now, besides. Whether there was something; true where that is no longer asked. */
  add(wanted: string): Promise<boolean>;
  remove(id: string): void;
}

export function createChoice(): Choice {
  const { chosen, time } = useGateway();
  const address = createAddress();
  const found = createFinder();
  const [view, setView] = createSignal(viewOf(untrack(address.asked), untrack(chosen.spanMs)));
  const [message, setMessage] = createSignal('');
  /** Another with each address that somebody else made: what was to be added before is not meant for it. */
  let picture = {};
  /** The address whose patterns are looked up, or mean nothing yet: until then it stays as it is. */
  let opening: object | null = null;

  const live = (): View => ({ spanMs: chosen.spanMs(), end: null });
  const write = () => {
    if (opening === null) address.write(addressOf(chosen.ids(), view().end === null ? live() : view()));
  };
  const show = (ids: readonly string[], isAll = true) => {
    if (new Set(ids).size > MOST_LINES) setMessage(text().trends.cut(numberText(MOST_LINES)));
    chosen.choose(ids, chosen.spanMs());
    if (!isAll) return;
    opening = null;
    write();
  };
  const take = async (wanted: readonly string[], isLate: () => boolean, before: () => readonly string[]) => {
    setMessage('');
    const { ids, note } = await found(wanted, isLate);
    if (isLate()) return true;
    setMessage(note);
    if (ids === null || ids.length === 0) return false;
    show([...before(), ...ids], note === '');
    return true;
  };
  createEffect(on(address.asked, (now) => {
    if (!address.isNews(addressOf(now.points, viewOf(now, chosen.spanMs())))) return;
    [picture, opening] = [{}, null];
    setMessage('');
    // Nothing is known of what is to come, by the gateway's clock: such a view follows.
    void time.known.then(() => (view().end ?? -Infinity) >= time.now() && setView(live()));
    if (now.points.length === 0) return write();
    const liveMs = (now.until === null ? now.spanMs : null) ?? chosen.spanMs();
    const isPlain = now.points.join() === idsOf(now.points).join();
    chosen.choose(isPlain ? now.points : chosen.ids(), liveMs);
    setView(viewOf(now, liveMs));
    if (isPlain) return;
    const mine = (opening = {});
    void take(now.points, () => opening !== mine, () => []);
  }));
  whenAtRest(view, write);
  onCleanup(() => [picture, opening] = [{}, null]);
  return {
    ids: chosen.ids,
    view,
    setView,
    toLive: () => setView(live()),
    setSpan(spanMs) {
      chosen.choose(chosen.ids(), spanMs);
      setView(live());
      write();
    },
    message,
    add(wanted) {
      const mine = picture;
      return take([wanted], () => picture !== mine, chosen.ids);
    },
    remove(id) {
      setMessage('');
      show(chosen.ids().filter((other) => other !== id));
    },
  };
}

/** Acts each time that a view has come to rest. */
function whenAtRest(view: Accessor<View>, act: () => void): void {
  createEffect(on(view, () => {
    const timer = setTimeout(act, REST_MS);
    onCleanup(() => clearTimeout(timer));
  }, { defer: true }));
}

/** What the page's address asks for, and how it comes to say what is shown. */
function createAddress() {
  const [params] = useSearchParams<{ points: string; span: string; until: string }>();
  const navigate = useNavigate();
  const here = useMatch(() => PAGE);
  const one = (part: string | string[] | undefined) => [part].flat()[0];
  /** What it is known to say. */
  let said = '';
  /** Whether it said something else. Whoever has gone on to another page is not brought back. */
  const isNews = (address: string) => {
    if (untrack(here) === undefined || address === said) return false;
    said = address;
    return true;
  };
  return {
    asked: createMemo(() => askedOf(one(params.points), one(params.span), one(params.until))),
    isNews,
    write(address: string) {
      if (isNews(address)) navigate(address, { replace: true, scroll: false });
    },
  };
}

/** What ids and patterns mean now, or null where the gateway did not say, and what is to be said of it. */
function createFinder() {
  const { client } = useGateway();
  const meant = async (pattern: string): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { id, type } of client.points(pattern)) {
      if (type !== 'string') ids.push(id);
      if (ids.length > MOST_LINES) break;
    }
    return ids;
  };
  return async (wanted: readonly string[], isLate: () => boolean): Promise<{ ids: string[] | null; note: string }> => {
    const all: string[] = [];
    let note = '';
    for (const one of wanted) {
      if (isLate()) break;
      const ids = one.includes('*') ? await meant(one).catch(() => null) : [one];
      if (ids === null) return { ids, note: text().trends.notAsked };
      if (ids.length === 0) note = text().trends.noMatch(one);
      all.push(...ids);
    }
    return { ids: all, note };
  };
}
