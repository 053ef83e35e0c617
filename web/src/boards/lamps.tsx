// A lamp's words and warnings, a line for each value that has one.

import { For, type JSX, Show, createMemo } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { text } from '../text/language.js';
import { MAX_WORDS, MAX_WORD_CHARS, type What, known } from './document.js';

type Lamp = Extract<What, { kind: 'lamp' }>;
type Look = 'none' | 'warn' | 'alarm';
const LOOKS: readonly Look[] = ['none', 'warn', 'alarm'];

/** With another word or look for a value; an empty word is none. */
export function withWord(what: Lamp, value: string, word: string, look: Look): What {
  const { [value]: _before, ...others } = what.words ?? {};
  const words = word === '' ? others : { ...others, [value]: word };
  const list = (all: readonly string[] | undefined, isIn: boolean) => [...(all ?? []).filter((one) => one !== value), ...(isIn ? [value] : [])];
  const some = (all: readonly string[]) => (all.length > 0 ? all : undefined);
  return known({
    ...what,
    words: Object.keys(words).length > 0 ? words : undefined,
    alarm: some(list(what.alarm, look === 'alarm')),
    warn: some(list(what.warn, look === 'warn')),
  });
}

/** The look of a value. */
export function lookFor(what: Lamp, value: string): Look {
  return what.alarm?.includes(value) ? 'alarm' : what.warn?.includes(value) ? 'warn' : 'none';
}

export function Lamps(props: { what: Lamp; onSet: (what: What) => void }): JSX.Element {
  const { catalog } = useGateway();
  const words = () => text().boards.sheet;
  const info = () => catalog.info(props.what.point);
  const values = createMemo(() => {
    const labels = Object.keys(info()?.labels ?? {});
    const usual = info()?.type === 'bool' || info() === undefined ? ['0', '1'] : [];
    return [...new Set([...usual, ...labels, ...Object.keys(props.what.words ?? {}), ...(props.what.warn ?? []), ...(props.what.alarm ?? [])])];
  }, [], { equals: (one, other) => one.join('\n') === other.join('\n') });
  const addValue = (input: HTMLInputElement) => {
    const value = input.value.trim();
    input.value = '';
    if (value !== '') props.onSet(withWord(props.what, value, props.what.words?.[value] ?? value, lookFor(props.what, value)));
  };
  return (
    <fieldset class="lamps">
      <legend>{words().words}</legend>
      <p class="muted">{words().wordsHint}</p>
      <For each={values()}>
        {(value) => (
          <p class="row">
            <code>{value}</code>
            <input aria-label={`${words().word}: ${value}`} maxLength={MAX_WORD_CHARS} value={props.what.words?.[value] ?? ''} placeholder={info()?.labels?.[value] ?? words().word}
              onChange={(event) => props.onSet(withWord(props.what, value, event.currentTarget.value.trim(), lookFor(props.what, value)))} />
            <select aria-label={`${words().look}: ${value}`} value={lookFor(props.what, value)}
              onChange={(event) => props.onSet(withWord(props.what, value, props.what.words?.[value] ?? '', event.currentTarget.value as Look))}>
              <For each={LOOKS}>{(look) => <option value={look} selected={lookFor(props.what, value) === look}>{words().looks[look]}</option>}</For>
            </select>
          </p>
        )}
      </For>
      <Show when={values().length < MAX_WORDS}>
        <label>{words().addWord}<input maxLength={MAX_WORD_CHARS} onChange={(event) => addValue(event.currentTarget)} /></label>
      </Show>
    </fieldset>
  );
}
