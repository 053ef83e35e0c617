// Why there is nothing to see, and what to do.

import { type Accessor, For, type JSX, Match, Show, Switch, createEffect, createMemo, createSignal, on, onCleanup } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { text } from '../text/language.js';
import { EVERYTHING } from './address.js';
import { whyText } from './filters.js';
import { type View, useView } from './view.js';

/** Why no row is shown. */
export type Why = 'waiting' | 'refused' | 'nothing' | 'unmatched' | 'calm' | 'filtered';

/** In contact this long without a point, there is none. */
const PATIENCE_MS = 1_000;

/** Why there is nothing to see; null where there is something. */
export function emptyOf(view: View): Accessor<Why | null> {
  const { contact } = useGateway();
  const [isSettled, setSettled] = createSignal(false);
  createEffect(on(() => [contact().state, view.asked().patterns.join()] as const, ([state]) => {
    setSettled(false);
    if (state === 'lost') return;
    const timer = setTimeout(() => setSettled(true), PATIENCE_MS);
    onCleanup(() => clearTimeout(timer));
  }));
  return createMemo(() => {
    if (view.listing().rows.length > 0) return null;
    if (view.refusals().length >= view.asked().patterns.length) return 'refused';
    if (view.watched.ids().length === 0) {
      if (!isSettled()) return 'waiting';
      return view.asked().patterns.includes(EVERYTHING) ? 'nothing' : 'unmatched';
    }
    const isFiltered = view.typed().trim() !== '' || view.asked().device !== null;
    return view.asked().troubled && !isFiltered ? 'calm' : 'filtered';
  });
}

export function Empty(props: { why: Why }): JSX.Element {
  const view = useView();
  const words = () => text().points.empty[props.why];
  const all = () => {
    view.type('');
    view.go({ patterns: [EVERYTHING], words: '', troubled: false, device: null });
  };
  return (
    <section class="empty" role="status">
      <h2>{words().title}</h2>
      <p>{words().text}</p>
      <Show when={props.why === 'refused'}>
        <ul><For each={view.refusals()}>{({ match, why }) => <li><code>{match}</code>: {whyText(why)}</li>}</For></ul>
      </Show>
      <Switch>
        <Match when={props.why === 'unmatched' || props.why === 'refused'}>
          <dl class="patterns">
            <For each={text().points.empty.patterns}>{([pattern, means]) => <><dt><code>{pattern}</code></dt><dd>{means}</dd></>}</For>
          </dl>
        </Match>
      </Switch>
      <Show when={props.why !== 'waiting' && props.why !== 'nothing'}>
        <button type="button" onClick={all}>{text().points.empty.all}</button>
      </Show>
    </section>
  );
}
