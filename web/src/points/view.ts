// What the page shows: what the address asks for, the points that pass, and their tree, kept true as points change.

import { useNavigate, useSearchParams } from '@solidjs/router';
import { type Accessor, createContext, createEffect, createMemo, createSignal, on, onCleanup, untrack, useContext } from 'solid-js';
import type { Point, Refusal } from 'pointcast';
import { inNextFrame } from '../live/frame.js';
import { type Gateway, useGateway } from '../live/gateway.js';
import { type Watched, createWatch } from '../live/watch.js';
import { lookOf } from '../shell/quality.js';
import { type Asked, readAddress, writeAddress } from './address.js';
import { isTroubled, passing, wordsOf } from './filter.js';
import { ALL_OPEN, type Folds, fold, isClosed } from './folds.js';
import { type Sinces, createSinces } from './since.js';
import { type Listing, type Tally, Tree, listing } from './tree.js';

/** An address is written so long after the last letter typed. */
const TYPING_MS = 300;
const RATE_MS = 1_000;
/** Where only what is troubled is shown, rows come and go no more often than this. */
const SORT_MS = 500;
const NO_TREE = new Tree([], () => 'none');

/** What the page's parts share. */
export interface View {
  readonly watched: Watched;
  readonly asked: Accessor<Asked>;
  /** Asks for something else, and Back asks for what was before; not so where that is only `refined`. */
  go(patch: Partial<Asked>, how?: 'refined'): void;
  /** Shows no details any more: goes back where nothing but them was asked for since. */
  closeDetails(): void;
  /** Words sought, as typed. */
  readonly typed: Accessor<string>;
  type(words: string): void;
  readonly listing: Accessor<Listing>;
  readonly folds: Accessor<Folds>;
  setFolds(folds: Folds): void;
  /** Of all that passes, in trouble or not. Tracked. */
  tally(): Readonly<Tally>;
  /** Anew when what branches count has changed. */
  readonly tallied: Accessor<number>;
  /** Changes in the last second. */
  readonly rate: Accessor<number>;
  /** Without contact, and nobody was there to tell what there is of what is asked for. */
  readonly isPartial: Accessor<boolean>;
  /** What of the patterns the gateway would not take. */
  readonly refusals: Accessor<readonly Refusal[]>;
  readonly sinces: Sinces;
}

const Context = createContext<View>();
export const ViewProvider = Context.Provider;

/** The view of the page around. */
export function useView(): View {
  const view = useContext(Context);
  if (!view) throw new Error('there is no view around this component');
  return view;
}

/** The view of the page's address. */
export function createView(): View {
  const gateway = useGateway();
  const { asked, came, go, closeDetails } = createAsked();
  const { typed, type } = createTyping(asked, came, go);
  const patterns = createMemo(() => asked().patterns, undefined, { equals: (one, other) => one.join() === other.join() });
  const [tallied, setTallied] = createSignal(0);
  const rate = createRate();
  let [tree, pruned] = [NO_TREE, NO_TREE];

  const watched = createWatch(patterns, (news, held) => {
    rate.hear(news, held);
    let [isNews, isSorted] = [false, true];
    for (const point of news) {
      const look = lookOf(point);
      isNews = tree.see(point.id, look) || isNews;
      if (pruned !== tree) pruned.see(point.id, look);
      isSorted &&= isTroubled(point) === isTroubled(held.get(point.id));
    }
    if (isNews) inNextFrame(recount);
    if (!isSorted) resort();
  });
  const recount = () => setTallied((before) => before + 1);
  const [sorted, setSorted] = createSignal(0);
  const resort = createPace(() => setSorted((before) => before + 1), SORT_MS);

  const grown = (ids: readonly string[]) => new Tree(ids, (id) => lookOf(watched.peek().get(id)));
  const words = createMemo(() => wordsOf(typed()).join(' '));
  const passed = createMemo(() => {
    const sought = words() === '' ? [] : words().split(' ');
    const { device } = asked();
    if (sought.length === 0 && device === null) return watched.ids();
    const infos = gateway.catalog.all();
    return passing(watched.ids(), (id) => infos.get(id), sought, device);
  });
  const whole = createMemo(() => (tree = grown(passed())));
  const isPruned = createMemo(() => asked().troubled);
  const shown = createMemo(() => {
    if (!isPruned()) return (pruned = whole());
    sorted();
    return (pruned = grown(passed().filter((id) => isTroubled(watched.peek().get(id)))));
  });
  const { folds, setFolds } = createFolds(asked, go, () => words() !== '' || asked().troubled);

  return {
    watched, asked, go, closeDetails, typed, type, folds, setFolds, tallied,
    listing: createMemo(() => listing(shown(), (path) => isClosed(folds(), path))),
    tally() {
      tallied();
      return whole().tally;
    },
    rate: rate.perSecond,
    isPartial: createPartial(gateway, patterns),
    refusals: createRefusals(gateway, patterns),
    sinces: createSinces(gateway.client, watched.peek),
  };
}

/** Folds or unfolds one branch. */
export function toggle(view: View, path: string): void {
  view.setFolds(fold(view.folds(), path));
}

function createAsked() {
  const [query, setQuery] = useSearchParams();
  const navigate = useNavigate();
  const asked = createMemo(() => readAddress({ ...query }));
  // What is asked in one go is asked together, though the address follows later.
  let latest = untrack(asked);
  /** What an address asked for that is not of the page's own making: Back, Forward, a link. */
  const came = createMemo<Asked>((before) => (isSame(asked(), latest) ? before : asked()), latest);
  createEffect(() => (latest = asked()));
  /** Whether what Back leads to is the same without details. */
  let isBelow = false;
  createEffect(on(came, () => (isBelow = false), { defer: true }));
  const go: View['go'] = (patch, how) => {
    const isOfDetails = Object.keys(patch).join() === 'open';
    isBelow = isOfDetails && (how === 'refined' ? isBelow : latest.open === null);
    latest = { ...latest, ...patch };
    setQuery(writeAddress(latest), { replace: how === 'refined', scroll: false });
  };
  const closeDetails = () => {
    if (latest.open === null) return;
    // What was asked for in this moment is not in the history yet.
    if (!isBelow || untrack(asked).open === null) return go({ open: null }, 'refined');
    isBelow = false;
    latest = { ...latest, open: null };
    const topPx = scrollY;
    // Who closes details stays where he is, though browsers go to where details were opened.
    addEventListener('popstate', () => requestAnimationFrame(() => scrollTo(0, topPx)), { once: true });
    navigate(-1);
  };
  return { asked, came, go, closeDetails };
}

function isSame(one: Asked, other: Asked): boolean {
  return JSON.stringify(writeAddress(one)) === JSON.stringify(writeAddress(other));
}

function createTyping(asked: Accessor<Asked>, came: Accessor<Asked>, go: View['go']) {
  const [typed, setTyped] = createSignal(untrack(asked).words);
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Letters that are not in the address yet belong to what was asked for when they were typed.
  createEffect(on(came, ({ words }) => {
    clearTimeout(timer);
    setTyped(words);
  }, { defer: true }));
  onCleanup(() => clearTimeout(timer));
  const type = (words: string) => {
    setTyped(words);
    clearTimeout(timer);
    // Back ends the search, whatever letters it was made of.
    timer = setTimeout(() => go({ words }, untrack(asked).words === '' ? undefined : 'refined'), TYPING_MS);
  };
  return { typed, type };
}

/**
 * Folds as the address has them; while something is sought all is open, and what is folded then is folded then only.
 * Back is not to unfold branch after branch: what is asked for is the same.
 */
function createFolds(asked: Accessor<Asked>, go: View['go'], isSeeking: () => boolean) {
  const [passing, setPassing] = createSignal(ALL_OPEN);
  const seeks = createMemo(isSeeking);
  createEffect(on(seeks, () => setPassing(ALL_OPEN), { defer: true }));
  return {
    folds: () => (seeks() ? passing() : asked().folds),
    setFolds: (folds: Folds) => (untrack(seeks) ? void setPassing(folds) : go({ folds }, 'refined')),
  };
}

/** What asks for `act` to be done in the next frame, the first time at once, then at least `leastMs` apart. */
function createPace(act: () => void, leastMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let doneAt = -Infinity;
  onCleanup(() => clearTimeout(timer));
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      doneAt = performance.now();
      inNextFrame(act);
    }, Math.max(0, doneAt + leastMs - performance.now()));
  };
}

function createRate() {
  const [perSecond, setPerSecond] = createSignal(0);
  let changes = 0;
  const timer = setInterval(() => {
    setPerSecond(changes);
    changes = 0;
  }, RATE_MS);
  onCleanup(() => clearInterval(timer));
  const hear = (news: readonly Point[], held: ReadonlyMap<string, Point>) => {
    // What comes first, or comes back, has not changed.
    for (const { id, live } of news) if (live && held.get(id)?.live) changes += 1;
  };
  return { perSecond, hear };
}

/** Answered is what was asked for once the page is up to date with it, or was heard of by contact that was there already. */
function createPartial({ contact }: Gateway, patterns: Accessor<readonly string[]>): Accessor<boolean> {
  const [isAnswered, setAnswered] = createSignal(false);
  createEffect(on(patterns, () => {
    const askedAt = Date.now();
    setAnswered(false);
    createEffect(on(contact, (now, before) => {
      if (!before) return;
      const [is, was] = [now.state === 'live', before.state === 'live'];
      if (is ? !was : was && (now.lastContact ?? 0) > askedAt) setAnswered(true);
    }));
  }));
  return () => contact().state === 'lost' && !isAnswered();
}

function createRefusals({ client }: Gateway, patterns: Accessor<readonly string[]>): Accessor<readonly Refusal[]> {
  const [refused, setRefused] = createSignal<ReadonlyMap<string, Refusal>>(new Map());
  onCleanup(client.on('refused', (one) => {
    if (untrack(patterns).includes(one.match)) setRefused((before) => new Map(before).set(one.match, one));
  }));
  createEffect(on(patterns, () => setRefused(new Map()), { defer: true }));
  return () => [...refused().values()];
}
