// All points: what was asked for, each with its value as it is now.

import { For, type JSX, createMemo, createSignal, onCleanup, onMount } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { type Watched, createWatch } from '../live/watch.js';
import { Quality, lookOf } from '../shell/quality.js';
import { ageText, valueText } from '../text/format.js';
import { visible } from './window.js';
import './points.css';

const ROW_PX = 36;

export default function PointsPage(): JSX.Element {
  const watched = createWatch(() => ['**']);
  return (
    <div class="page points">
      <Rows watched={watched} />
    </div>
  );
}

function Rows(props: { watched: Watched }): JSX.Element {
  let list!: HTMLDivElement;
  const [view, setView] = createSignal({ top: 0, height: innerHeight });
  const look = () => setView({ top: -list.getBoundingClientRect().top, height: innerHeight });
  onMount(() => {
    look();
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    onCleanup(() => {
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    });
  });
  const shown = createMemo(() => {
    const ids = props.watched.ids();
    const { first, end } = visible(view().top, view().height, ROW_PX, ids.length);
    return ids.slice(first, end).map((id, at) => ({ id, at: first + at }));
  });
  return (
    <div class="panel rows" ref={list} style={{ height: `${props.watched.ids().length * ROW_PX}px` }}>
      <For each={shown()}>{({ id, at }) => <Row id={id} at={at} watched={props.watched} />}</For>
    </div>
  );
}

function Row(props: { id: string; at: number; watched: Watched }): JSX.Element {
  const { now } = useGateway();
  const point = () => props.watched.point(props.id);
  const look = () => lookOf(point());
  const age = () => (point()?.time == null ? null : now() - (point()?.time ?? 0));
  return (
    <div class="row" data-key={props.id} data-look={look()} style={{ transform: `translateY(${props.at * ROW_PX}px)` }}>
      <span class="name">{props.id}</span>
      <span class="number value">{valueText(point()?.value, props.watched.info(props.id)).text}</span>
      <span class="unit">{props.watched.info(props.id)?.unit}</span>
      <Quality look={look()} />
      <span class="age">{ageText(age())}</span>
    </div>
  );
}
