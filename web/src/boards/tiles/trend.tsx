// A trend tile: the chart of the trends page, small.

import { For, type JSX, Show } from 'solid-js';
import { useGateway } from '../../live/gateway.js';
import type { Watched } from '../../live/watch.js';
import { Quality } from '../../shell/quality.js';
import { text } from '../../text/language.js';
import { TrendChart } from '../../trends/chart.js';
import { FIRST_SPAN_MS, type What } from '../document.js';

export default function Trend(props: { what: Extract<What, { kind: 'trend' }>; watched: Watched }): JSX.Element {
  const { catalog, contact } = useGateway();
  const missing = () => props.what.points.filter((id) => props.watched.point(id) === undefined && catalog.lacks(id));
  const isLost = () => contact().state === 'lost';
  return (
    <>
      <div class="chart" data-look={isLost() ? 'lost' : 'good'}>
        <TrendChart ids={props.what.points} spanMs={props.what.span_ms ?? FIRST_SPAN_MS} small />
      </div>
      <For each={missing()}>{(id) => <p class="refusal">{text().boards.tile.missing} <code>{id}</code></p>}</For>
      <Show when={isLost()}><p class="state"><Quality look="lost" /></p></Show>
    </>
  );
}
