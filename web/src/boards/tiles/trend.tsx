// A trend tile: the chart of the trends page, small. The chart says which of its lines is which; what it does not say is
// beneath: the value of a lone line, points that cannot be drawn, and what is not good and why.

import { For, type JSX, Show, createMemo } from 'solid-js';
import { useGateway } from '../../live/gateway.js';
import type { Watched } from '../../live/watch.js';
import { Quality, lookOf } from '../../shell/quality.js';
import { reasonText, valueText } from '../../text/format.js';
import { text } from '../../text/language.js';
import { TrendChart } from '../../trends/chart.js';
import { groupsOf } from '../../trends/groups.js';
import { FIRST_SPAN_MS, type What } from '../document.js';

type Props = { what: Extract<What, { kind: 'trend' }>; watched: Watched };

export default function Trend(props: Props): JSX.Element {
  const grouped = createMemo(() => groupsOf(props.what.points, (id) => props.watched.info(id)));
  const told = createMemo(() => new Set(grouped().groups.filter(({ lines }) => lines.length > 1).flatMap(({ lines }) => lines.map(({ id }) => id))));
  const look = (id: string) => lookOf(props.watched.point(id));
  const isTroubled = (id: string) => look(id) === 'uncertain' || look(id) === 'bad';
  const untold = createMemo(() => props.what.points.filter((id) => !told().has(id) || isTroubled(id)), [], {
    equals: (one, other) => one.join() === other.join(),
  });
  const isLost = () => [...told()].some((id) => look(id) === 'lost');
  return (
    <>
      <div class="picture"><TrendChart ids={props.what.points} spanMs={props.what.span_ms ?? FIRST_SPAN_MS} small /></div>
      <ul class="lines">
        <For each={untold()}>{(id) => <Line id={id} {...props} />}</For>
        <Show when={isLost()}><li><Quality look="lost" /></li></Show>
      </ul>
    </>
  );
}

function Line(props: Props & { id: string }): JSX.Element {
  const { catalog } = useGateway();
  const point = () => props.watched.point(props.id);
  const info = () => props.watched.info(props.id);
  const look = () => lookOf(point());
  const reason = () => (look() === 'uncertain' || look() === 'bad' ? reasonText(point()?.reason) : '');
  return (
    <li data-look={look()}>
      <Show when={point() !== undefined || !catalog.lacks(props.id)} fallback={<span>{text().boards.tile.missing} <code>{props.id}</code></span>}>
        <Show when={props.what.points.length > 1}><span>{props.id}</span></Show>
        <span class="now number">{valueText(point()?.value, info()).text} {point()?.value == null ? '' : info()?.unit}</span>
        <Show when={look() !== 'good'}><Quality look={look()} /><span class="reason">{reason()}</span></Show>
      </Show>
    </li>
  );
}
