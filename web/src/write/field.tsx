// The field that takes a new value, by the type of its point.

import { For, type JSX, Match, Show, Switch, createSignal, createUniqueId } from 'solid-js';
import type { PointInfo } from 'pointcast';
import { valueText } from '../text/format.js';
import { locale, text } from '../text/language.js';
import { kindOf, stepped } from './value.js';
import { rangeText } from './words.js';

interface Props {
  readonly info: PointInfo;
  readonly typed: string;
  readonly onType: (typed: string) => void;
  /** What is wrong with it, in words; empty while nothing is, or nothing was said yet. */
  readonly wrong: string;
}

export function Field(props: Props): JSX.Element {
  const wrong = createUniqueId();
  return (
    <div class="field">
      <Switch>
        <Match when={kindOf(props.info) === 'switch'}><SwitchField {...props} wrongId={wrong} /></Match>
        <Match when={kindOf(props.info) === 'choice'}><ChoiceField {...props} wrongId={wrong} /></Match>
        <Match when={kindOf(props.info) === 'text'}><TextField {...props} wrongId={wrong} /></Match>
        <Match when={kindOf(props.info) === 'number'}><NumberField {...props} wrongId={wrong} /></Match>
      </Switch>
      <p class="wrong" id={wrong} role="alert">{props.wrong}</p>
    </div>
  );
}

type Inner = Props & { readonly wrongId: string };

function SwitchField(props: Inner): JSX.Element {
  const name = createUniqueId();
  return (
    <fieldset aria-describedby={props.wrongId}>
      <legend>{text().write.newValue}</legend>
      <For each={[true, false]}>
        {(value) => (
          <label class="option">
            <input type="radio" name={name} value={String(value)} checked={props.typed === String(value)}
              onChange={() => props.onType(String(value))} />
            {valueText(value, props.info).text}
          </label>
        )}
      </For>
    </fieldset>
  );
}

const OTHER = 'other';

function ChoiceField(props: Inner): JSX.Element {
  const id = createUniqueId();
  const labels = () => Object.entries(props.info.labels ?? {});
  const [wantsOther, setOther] = createSignal(false);
  // The value now may come after the field, and have no name.
  const isOther = () => wantsOther() || (props.typed !== '' && !Object.hasOwn(props.info.labels ?? {}, props.typed));
  const choose = (chosen: string) => {
    setOther(chosen === OTHER);
    props.onType(chosen === OTHER ? '' : chosen);
  };
  const isChosen = (key: string) => !isOther() && props.typed === key;
  return (
    <>
      <label for={id}>{text().write.newValue}</label>
      <select id={id} autofocus aria-describedby={props.wrongId} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        <option value="" disabled selected={!isOther() && props.typed === ''}>{text().write.choose}</option>
        <For each={labels()}>
          {([key, name]) => <option value={key} selected={isChosen(key)}>{`${name} (${key})`}</option>}
        </For>
        <option value={OTHER} selected={isOther()}>{text().write.other}</option>
      </select>
      <Show when={isOther()}><NumberField {...props} /></Show>
    </>
  );
}

function TextField(props: Inner): JSX.Element {
  const id = createUniqueId();
  return (
    <>
      <label for={id}>{text().write.newValue}</label>
      <textarea id={id} autofocus rows="3" value={props.typed} aria-describedby={props.wrongId} aria-invalid={props.wrong !== ''}
        onInput={({ currentTarget }) => props.onType(currentTarget.value)} />
    </>
  );
}

function NumberField(props: Inner): JSX.Element {
  const id = createUniqueId();
  const range = createUniqueId();
  const step = (by: 1 | -1) => props.onType(stepped(props.typed, by, props.info, locale()));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    step(event.key === 'ArrowUp' ? 1 : -1);
  };
  return (
    <>
      <label for={id}>{text().write.newValue}</label>
      <div class="steps">
        <button type="button" aria-label={text().write.less} onClick={() => step(-1)}>−</button>
        <input id={id} autofocus class="number" type="text" inputmode="decimal" autocomplete="off" spellcheck={false}
          value={props.typed} aria-describedby={`${range} ${props.wrongId}`} aria-invalid={props.wrong !== ''}
          onInput={({ currentTarget }) => props.onType(currentTarget.value)} onKeyDown={onKeyDown} />
        <button type="button" aria-label={text().write.more} onClick={() => step(1)}>+</button>
        <span class="unit">{props.info.unit}</span>
      </div>
      <p class="hint" id={range}>{rangeText(props.info)}</p>
    </>
  );
}
