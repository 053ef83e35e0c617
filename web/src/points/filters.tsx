// What is asked for: patterns, words, what is in trouble; and how many points of each quality there are.

import { For, type JSX, Show, createEffect, createSignal, on } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { Quality } from '../shell/quality.js';
import { numberText } from '../text/format.js';
import { text } from '../text/language.js';
import { EVERYTHING, parsePatterns } from './address.js';
import { ALL_CLOSED, ALL_OPEN } from './folds.js';
import { useView } from './view.js';

/** The bar over the table. */
export function Filters(): JSX.Element {
  const view = useView();
  const patterns = createPatternField();
  return (
    <search class="filters" aria-label={text().points.filters}>
      <form autocomplete="off" onSubmit={(event) => (event.preventDefault(), patterns.apply())}>
        <label class="field pattern">
          <span>{text().points.pattern.label}</span>
          <input name="pattern" class="mono" spellcheck={false} autocapitalize="off" placeholder={EVERYTHING} title={text().points.pattern.title}
            value={patterns.typed()} onInput={({ currentTarget }) => patterns.type(currentTarget.value)} onChange={() => patterns.apply()}
            aria-invalid={patterns.note() !== ''} aria-describedby="pattern-note" />
        </label>
        <label class="field words">
          <span>{text().points.words.label}</span>
          <input id="words" name="words" type="search" spellcheck={false} autocapitalize="off" placeholder={text().points.words.hint}
            aria-keyshortcuts="/" value={view.typed()} onInput={({ currentTarget }) => view.type(currentTarget.value)} />
          <kbd aria-hidden="true">/</kbd>
        </label>
        <div class="choices">
          <button type="button" aria-pressed={view.asked().troubled} onClick={() => view.go({ troubled: !view.asked().troubled })}>
            {text().points.troubled}
          </button>
          <Show when={view.asked().device}>
            {(device) => (
              <button type="button" aria-pressed="true" onClick={() => view.go({ device: null })} aria-label={text().points.allDevices(device())}>
                {device()} ✕
              </button>
            )}
          </Show>
          <button type="button" class="quiet" onClick={() => view.setFolds(ALL_CLOSED)}>{text().points.foldAll}</button>
          <button type="button" class="quiet" onClick={() => view.setFolds(ALL_OPEN)}>{text().points.unfoldAll}</button>
        </div>
        <Counts />
      </form>
      <p class="note" id="pattern-note" role="status">{patterns.note()}</p>
    </search>
  );
}

/** The patterns as they are typed: taken when the reader is done, told when they cannot be. */
function createPatternField() {
  const view = useView();
  const shown = () => (view.asked().patterns.join() === EVERYTHING ? '' : view.asked().patterns.join(', '));
  const [typed, type] = createSignal(shown());
  const [fault, setFault] = createSignal<{ pattern: string; why: string } | null>(null);
  createEffect(on(shown, (now) => {
    type(now);
    setFault(null);
  }, { defer: true }));
  return {
    typed,
    type,
    apply() {
      const parsed = parsePatterns(typed());
      setFault(parsed.fault);
      if (parsed.fault === null) view.go({ patterns: parsed.patterns.length > 0 ? parsed.patterns : [EVERYTHING] });
    },
    note() {
      const wrong = fault();
      if (wrong) return text().points.pattern.fault(wrong.pattern, wrong.why);
      return view.refusals().map(({ match, why }) => text().points.refused(match, whyText(why))).join(' ');
    },
  };
}

/** Why the gateway would not take a pattern, and what to do. */
function whyText(why: string): string {
  const words = text().points.refusal;
  return Object.hasOwn(words, why) ? (words[why] ?? why) : why;
}

/** How many there are of each quality; without contact there is no quality to count. */
function Counts(): JSX.Element {
  const view = useView();
  const { contact } = useGateway();
  const looks = () => (contact().state === 'lost' || view.tally().lost > 0 ? (['good', 'uncertain', 'bad', 'lost'] as const) : (['good', 'uncertain', 'bad'] as const));
  return (
    <ul class="counts" aria-label={text().points.counts}>
      <For each={looks()}>
        {(look) => (
          <li class="number" data-none={view.tally()[look] === 0}>
            <Quality look={look} compact /> <span>{numberText(view.tally()[look])}</span>{' '}
            <span class="word" aria-hidden="true">{text().quality[look]}</span>
          </li>
        )}
      </For>
      <li class="number rate">{text().points.rate(numberText(view.rate()))}</li>
    </ul>
  );
}
