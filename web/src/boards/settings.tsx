// What a tile shows, and how: the fields of its kind. What is typed counts when the field is left.

import { For, type JSX, Match, Show, Switch, createSignal } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { spanText } from '../text/format.js';
import { text } from '../text/language.js';
import { FIRST_SPAN_MS, MAX_DECIMALS, MAX_POINTS, MAX_TEXT_CHARS, MAX_TITLE_CHARS, type What, known } from './document.js';
import { Lamps } from './lamps.js';
import { PointPicker } from './picker.js';
import { rangeOf } from './tiles/picture.js';

const SPANS_MS = [1, 5, 15, 30, 60].map((minutes) => minutes * 60_000);

type Of<Kind extends What['kind']> = { what: Extract<What, { kind: Kind }>; onSet: (what: What) => void };

export function Settings(props: { what: What; onSet: (what: What) => void }): JSX.Element {
  const words = () => text().boards.sheet;
  const as = <Kind extends What['kind']>(...kinds: Kind[]) => kinds.includes(props.what.kind as Kind) && (props.what as Extract<What, { kind: Kind }>);
  const ranged = () => (props.what.kind === 'gauge' || props.what.kind === 'bar') && props.what;
  return (
    <>
      <label>{words().title}
        <input value={props.what.title ?? ''} maxLength={MAX_TITLE_CHARS} placeholder={props.what.kind === 'text' ? '' : words().titleHint}
          onChange={(event) => props.onSet(known({ ...props.what, title: event.currentTarget.value.trim() || undefined }))} />
      </label>
      <Show when={'point' in props.what && props.what}>
        {(what) => <PointPicker label={words().point} most={1} chosen={[what().point].filter(Boolean)}
          onChange={([point]) => { if (point) props.onSet({ ...what(), point }); }} />}
      </Show>
      <Show when={as('number', 'gauge', 'bar')}>{(what) => <Decimals what={what()} onSet={props.onSet} />}</Show>
      <Switch>
        <Match when={as('number')}>
          {(what) => (
            <label class="check">
              <input type="checkbox" checked={what().spark ?? false} onChange={(event) => props.onSet(known({ ...what(), spark: event.currentTarget.checked || undefined }))} />
              {words().spark}
            </label>
          )}
        </Match>
        <Match when={ranged()}>{(what) => <Range what={what()} onSet={props.onSet} />}</Match>
        <Match when={as('lamp')}>{(what) => <Lamps what={what()} onSet={props.onSet} />}</Match>
        <Match when={as('trend')}>{(what) => <OfTrend what={what()} onSet={props.onSet} />}</Match>
        <Match when={as('text')}>
          {(what) => (
            <label>{words().text}
              <textarea rows="7" maxLength={MAX_TEXT_CHARS} value={what().text}
                onChange={(event) => props.onSet({ ...what(), text: event.currentTarget.value.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]+/g, ' ') })} />
              <span class="muted">{words().textHint}</span>
            </label>
          )}
        </Match>
      </Switch>
    </>
  );
}

function Decimals(props: Of<'number' | 'gauge' | 'bar'>): JSX.Element {
  return (
    <label>{text().boards.sheet.decimals}
      <select value={String(props.what.decimals ?? '')}
        onChange={({ currentTarget: { value } }) => props.onSet(known({ ...props.what, decimals: value === '' ? undefined : Number(value) }))}>
        <option value="" selected={props.what.decimals === undefined}>{text().boards.sheet.asPoint}</option>
        <For each={[...Array(MAX_DECIMALS + 1).keys()]}>
          {(count) => <option value={count} selected={props.what.decimals === count}>{count}</option>}
        </For>
      </select>
    </label>
  );
}

function Range(props: Of<'gauge' | 'bar'>): JSX.Element {
  const { catalog } = useGateway();
  const [wrong, setWrong] = createSignal(false);
  let low!: HTMLInputElement;
  let high!: HTMLInputElement;
  const own = () => rangeOf({}, catalog.info(props.what.point));
  const take = () => {
    const isEmpty = low.value === '' && high.value === '';
    const range: readonly [number, number] = [low.valueAsNumber, high.valueAsNumber];
    const fits = isEmpty || range[0] < range[1];
    setWrong(!fits);
    if (fits) props.onSet(known({ ...props.what, range: isEmpty ? undefined : range }));
  };
  return (
    <fieldset class="four">
      <legend>{text().boards.sheet.range}</legend>
      <label>{text().boards.sheet.low}
        <input ref={low} type="number" step="any" value={props.what.range?.[0] ?? ''} placeholder={String(own()?.[0] ?? '')} aria-invalid={wrong()} onChange={take} />
      </label>
      <label>{text().boards.sheet.high}
        <input ref={high} type="number" step="any" value={props.what.range?.[1] ?? ''} placeholder={String(own()?.[1] ?? '')} aria-invalid={wrong()} onChange={take} />
      </label>
      <Show when={wrong()}><p class="trouble" role="alert">■ {text().boards.sheet.rangeWrong}</p></Show>
    </fieldset>
  );
}

function OfTrend(props: Of<'trend'>): JSX.Element {
  const span = () => props.what.span_ms ?? FIRST_SPAN_MS;
  const spans = () => [...new Set([...SPANS_MS, span()])].sort((one, other) => one - other);
  return (
    <>
      <PointPicker label={text().boards.sheet.points(MAX_POINTS)} most={MAX_POINTS} chosen={props.what.points}
        onChange={(points) => { if (points.length > 0) props.onSet({ ...props.what, points }); }} />
      <label>{text().boards.sheet.span}
        <select value={span()} onChange={(event) => props.onSet({ ...props.what, span_ms: Number(event.currentTarget.value) })}>
          <For each={spans()}>{(ms) => <option value={ms} selected={ms === span()}>{spanText(ms)}</option>}</For>
        </select>
      </label>
    </>
  );
}
