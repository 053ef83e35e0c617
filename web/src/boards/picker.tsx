// Points to choose from, found by words.

import { For, type JSX, Show, createMemo, createSignal, createUniqueId } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { text } from '../text/language.js';
import { inNameOrder } from '../live/names.js';
import { find } from './find.js';

const MOST_SHOWN = 40;

/** `most`: as many may be chosen; of one, another takes its place. */
export function PointPicker(props: { label: string; chosen: readonly string[]; most: number; onChange: (ids: readonly string[]) => void }): JSX.Element {
  const { catalog } = useGateway();
  const [words, setWords] = createSignal('');
  const group = createUniqueId();
  const infos = createMemo(() => inNameOrder(catalog.all().values(), ({ id }) => id));
  const result = createMemo(() => find(infos(), words().trim(), MOST_SHOWN));
  const isOne = () => props.most === 1;
  const choose = (id: string, isChosen: boolean) => {
    const others = props.chosen.filter((one) => one !== id);
    props.onChange(!isChosen ? others : isOne() ? [id] : [...others, id]);
  };
  return (
    <fieldset class="picker">
      <legend>{props.label}</legend>
      <Show when={props.chosen.length > 0}>
        <ul class="chosen" aria-label={text().boards.sheet.chosen}>
          <For each={props.chosen}>
            {(id) => (
              <li><code>{id}</code>
                <Show when={!isOne()}>
                  <button type="button" class="quiet" aria-label={text().boards.sheet.drop(id)} onClick={() => choose(id, false)}>×</button>
                </Show>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <input type="search" aria-label={text().boards.sheet.search} placeholder={text().boards.sheet.searchHint} value={words()}
        onInput={(event) => setWords(event.currentTarget.value)} />
      <div class="found" tabindex="-1">
        <For each={result().found} fallback={<p class="muted">{text().boards.sheet.none}</p>}>
          {(info) => (
            <label>
              <input type={isOne() ? 'radio' : 'checkbox'} name={group} checked={props.chosen.includes(info.id)}
                disabled={!isOne() && props.chosen.length >= props.most && !props.chosen.includes(info.id)}
                onChange={(event) => choose(info.id, event.currentTarget.checked)} />
              <span><code>{info.id}</code><span class="unseen">, </span> <span class="muted">{[info.description, info.unit].filter(Boolean).join(' · ')}</span></span>
            </label>
          )}
        </For>
        <Show when={result().more}><p class="muted">{text().boards.sheet.some(MOST_SHOWN)}</p></Show>
      </div>
    </fieldset>
  );
}
