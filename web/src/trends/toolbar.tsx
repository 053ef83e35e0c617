// What can be done with the view: its span, nearer and farther, earlier and later, back to now, and out as a table.

import { For, type JSX, Show } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { spanText } from '../text/format.js';
import { text } from '../text/language.js';
import { timeText } from './axes.js';
import { PAN_STEP, type Stage, ZOOM_STEP, anchorOf } from './gestures.js';
import { SPANS_MS, panned, spanOf, zoomed } from './view.js';

export function Toolbar(props: { stage: Stage; isEmpty: boolean; onSpan: (spanMs: number) => void; onExport: () => void }): JSX.Element {
  const view = () => props.stage.view();
  const zoom = (factor: number) => props.stage.setView(zoomed(view(), factor, anchorOf(view(), props.stage.cross()), props.stage.now()));
  const pan = (part: number) => props.stage.setView(panned(view(), part, props.stage.now()));
  return (
    <div class="tools" role="group" aria-label={text().trends.view}>
      <div class="spans" role="group" aria-label={text().trends.span}>
        <For each={SPANS_MS}>
          {(spanMs) => (
            <button type="button" aria-pressed={view().end === null && view().spanMs === spanMs} onClick={() => props.onSpan(spanMs)}>
              {spanText(spanMs)}
            </button>
          )}
        </For>
      </div>
      <div class="moves">
        <Move label={text().trends.earlier} sign="←" onClick={() => pan(-PAN_STEP)} />
        <Move label={text().trends.later} sign="→" isOff={view().end === null} onClick={() => pan(PAN_STEP)} />
        <Move label={text().trends.nearer} sign="+" onClick={() => zoom(1 / ZOOM_STEP)} />
        <Move label={text().trends.farther} sign="−" onClick={() => zoom(ZOOM_STEP)} />
      </div>
      <Show when={view().end !== null}>
        <button type="button" class="main" onClick={() => props.stage.toLive()}>▶ {text().trends.toLive}</button>
      </Show>
      <button type="button" class="export" disabled={props.isEmpty} onClick={() => props.onExport()}>{text().trends.csv}</button>
    </div>
  );
}

function Move(props: { label: string; sign: string; isOff?: boolean; onClick: () => void }): JSX.Element {
  return (
    <button type="button" class="move" aria-label={props.label} title={props.label} disabled={props.isOff === true} onClick={() => props.onClick()}>
      <span aria-hidden="true">{props.sign}</span>
    </button>
  );
}

/** Of when the values are that stand beside the lines. */
export function Moment(props: { stage: Stage; tick: number }): JSX.Element {
  const { isLive } = useGateway();
  const sentence = () => {
    const { from, to } = spanOf(props.stage.view(), props.tick);
    const cross = props.stage.cross();
    const said = (time: number) => timeText(time, to - from, props.tick);
    const now = isLive() ? text().trends.valuesNow : text().trends.valuesLast;
    if (cross !== null) return text().trends.valuesAt(said(from + (to - from) * cross));
    return props.stage.view().end === null ? now : text().trends.paused(said(from), said(to), now);
  };
  return <p class="moment">{sentence()}</p>;
}
