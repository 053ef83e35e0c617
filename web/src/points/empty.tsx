// Why there is nothing to see, and what to do.

import { type Accessor, For, type JSX, Match, Show, Switch, createEffect, createMemo, createSignal, on, onCleanup } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { byName } from '../live/names.js';
import { text } from '../text/language.js';
import { EVERYTHING } from './address.js';
import { type View, useView } from './view.js';

/** Why no row is shown. */
export type Why = 'waiting' | 'looking' | 'refused' | 'nothing' | 'unmatched' | 'calm' | 'calmLast' | 'filtered';

/** With nothing left to catch up with, this long without a point: there is none. */
const PATIENCE_MS = 1_000;

/** Patterns to learn from, and which words say what they mean. */
const PATTERNS = [['boiler/**', 'below'], ['*/temperature', 'level'], ['boiler/pressure, meter/**', 'several'], ['$devices/**', 'devices']] as const;
/** Where it helps to ask for everything. */
const OFFERS_ALL: readonly Why[] = ['unmatched', 'calm', 'calmLast', 'filtered'];
/** As many parts are offered where all is too much. */
const MOST_BRANCHES = 40;

/** Why there is nothing to see; null where there is something. */
export function emptyOf(view: View): Accessor<Why | null> {
  const { contact } = useGateway();
  const [isSettled, setSettled] = createSignal(false);
  createEffect(on(() => [contact().state, view.asked().patterns.join()] as const, ([state]) => {
    setSettled(false);
    if (state !== 'live') return;
    const timer = setTimeout(() => setSettled(true), PATIENCE_MS);
    onCleanup(() => clearTimeout(timer));
  }));
  return createMemo(() => {
    if (view.listing().rows.length > 0) return null;
    if (view.refusals().length >= view.asked().patterns.length) return 'refused';
    if (view.watched.ids().length === 0) {
      if (!isSettled()) return contact().state === 'lost' ? 'waiting' : 'looking';
      return view.asked().patterns.includes(EVERYTHING) ? 'nothing' : 'unmatched';
    }
    const isFiltered = view.typed().trim() !== '' || view.asked().device !== null;
    if (!view.asked().troubled || isFiltered) return 'filtered';
    return contact().state === 'live' ? 'calm' : 'calmLast';
  });
}

/** A pattern for each of the first branches, in the order of their names. */
export function branchesOf(ids: Iterable<string>): readonly string[] {
  const first = new Set<string>();
  for (const id of ids) if (!id.startsWith('$') && id.includes('/')) first.add(id.slice(0, id.indexOf('/')));
  return [...first].sort(byName).slice(0, MOST_BRANCHES).map((segment) => `${segment}/**`);
}

/** For names that are no points but have points below: the patterns that take those in. `ids` is what there is. */
export function belowOf(patterns: readonly string[], ids: Iterable<string>): readonly string[] {
  const branches = namesOf(patterns);
  const found = new Set<string>();
  for (const id of ids) {
    for (const branch of branches) if (id.startsWith(`${branch}/`)) found.add(branch);
  }
  return branches.filter((branch) => found.has(branch)).map(below);
}

const below = (branch: string) => `${branch}/**`;

/** Patterns that are plain names. */
function namesOf(patterns: readonly string[]): readonly string[] {
  return patterns.filter((pattern) => !pattern.includes('*')).slice(0, MOST_BRANCHES);
}

export function Empty(props: { why: Why }): JSX.Element {
  const view = useView();
  const { catalog } = useGateway();
  const branches = () => {
    if (props.why === 'refused') return branchesOf(catalog.all().keys());
    return props.why === 'unmatched' ? belowOf(view.asked().patterns, catalog.all().keys()) : [];
  };
  createEffect(on(() => (props.why === 'unmatched' ? namesOf(view.asked().patterns).join() : ''), (names) => {
    if (names !== '') onCleanup(catalog.want(names.split(',').map(below)));
  }));
  const words = () => text().points.empty[props.why];
  const all = () => {
    view.type('');
    view.go({ patterns: [EVERYTHING], words: '', troubled: false, device: null });
  };
  return (
    <section class="empty" role="status">
      <h2>{words().title}</h2>
      <p>{words().text}</p>
      <Switch>
        <Match when={branches().length > 0}>
          <ul class="parts">
            <For each={branches()}>{(pattern) => <li><button type="button" class="mono" onClick={() => view.go({ patterns: [pattern] })}>{pattern}</button></li>}</For>
          </ul>
        </Match>
        <Match when={props.why === 'unmatched' || props.why === 'refused'}>
          <dl class="patterns">
            <For each={PATTERNS}>{([pattern, means]) => <><dt><code>{pattern}</code></dt><dd>{text().points.empty.patterns[means]}</dd></>}</For>
          </dl>
        </Match>
      </Switch>
      <Show when={OFFERS_ALL.includes(props.why)}>
        <button type="button" onClick={all}>{text().points.empty.all}</button>
      </Show>
    </section>
  );
}
