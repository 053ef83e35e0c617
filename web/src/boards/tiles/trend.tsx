// A trend tile: the chart of the trends page, small, and which line is which.

import { For, type JSX, Show } from 'solid-js';
import { useGateway } from '../../live/gateway.js';
import type { Watched } from '../../live/watch.js';
import { Quality, lookOf } from '../../shell/quality.js';
import { reasonText, valueText } from '../../text/format.js';
import { text } from '../../text/language.js';
import { TrendChart } from '../../trends/chart.js';
import { colourOf, createShades, patternOf } from '../../trends/palette.js';
import { FIRST_SPAN_MS, type What } from '../document.js';
import { shortNames } from './picture.js';

type Props = { what: Extract<What, { kind: 'trend' }>; watched: Watched };

export default function Trend(props: Props): JSX.Element {
  return (
    <>
      <div class="picture"><TrendChart ids={props.what.points} spanMs={props.what.span_ms ?? FIRST_SPAN_MS} small /></div>
      <Lines {...props} />
    </>
  );
}

function Lines(props: Props): JSX.Element {
  const { catalog } = useGateway();
  const shades = createShades();
  const names = () => shortNames(props.what.points);
  return (
    <ul class="lines">
      <For each={props.what.points}>
        {(id, slot) => {
          const point = () => props.watched.point(id);
          const info = () => props.watched.info(id);
          const look = () => lookOf(point());
          const reason = () => (look() === 'uncertain' || look() === 'bad' ? reasonText(point()?.reason) : '');
          return (
            <li data-look={look()} title={id}>
              <Show when={point() !== undefined || !catalog.lacks(id)} fallback={<span class="missing">{text().boards.tile.missing} <code>{id}</code></span>}>
                <Show when={info() && info()?.type !== 'string'}>
                  <svg viewBox="0 0 20 6" aria-hidden="true">
                    <line x1="0" y1="3" x2="20" y2="3" stroke={look() === 'lost' ? shades().lost : colourOf(shades(), slot())}
                      stroke-dasharray={props.what.points.length > 1 ? patternOf(slot()).join(' ') : ''} />
                  </svg>
                </Show>
                <Show when={props.what.points.length > 1}><span>{names()[slot()]}</span></Show>
                <span class="now number">{valueText(point()?.value, info()).text} {point()?.value == null ? '' : info()?.unit}</span>
                <Show when={look() !== 'good'}><Quality look={look()} /><span class="reason">{reason()}</span></Show>
              </Show>
            </li>
          );
        }}
      </For>
    </ul>
  );
}
