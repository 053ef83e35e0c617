// One row of the table: a branch of the tree, or a point as it is now.

import { type JSX, Show, createMemo } from 'solid-js';
import type { Point, PointInfo } from 'pointcast';
import { useGateway } from '../live/gateway.js';
import { Quality, lookOf } from '../shell/quality.js';
import { ageText, numberText, reasonText, share, spanText, valueText } from '../text/format.js';
import { text } from '../text/language.js';
import { leastOf, spark } from './spark.js';
import { type Branch, type Leaf, count, worst } from './tree.js';
import { useView } from './view.js';

/** A text value shows no more of itself than this in a row. */
const MOST_LETTERS = 120;
/** A text longer than this may not fit its column, and says itself whole when it is pointed at. */
const LONG = 12;
const SPARK_MS = 5 * 60_000;
const SPARK = { width: 88, height: 22 };

/** Where a row is. */
export interface Placed {
  id(): string;
  /** As `aria-rowindex` counts. */
  index(): number;
  /** Pixels from the first row. */
  top(): number;
  isActive(): boolean;
}

export function BranchRow(props: { branch: Branch; placed: Placed; isOpen: boolean; columns: number }): JSX.Element {
  const view = useView();
  const tally = () => (view.tallied(), props.branch.tally);
  const look = createMemo(() => worst(tally()));
  return (
    <div class="row branch" role="row" id={props.placed.id()} data-key={props.branch.key} aria-level={props.branch.level} aria-rowindex={props.placed.index()}
      aria-expanded={props.isOpen} data-active={props.placed.isActive()} data-look={look()}
      style={{ transform: `translateY(${props.placed.top()}px)`, '--level': props.branch.level - 1 }}>
      <span class="cell" role="rowheader" aria-colspan={props.columns}>
        <span class="fold" aria-hidden="true">{props.isOpen ? '▾' : '▸'}</span>
        <span class="title" title={props.branch.path}>{props.branch.name}</span>{' '}
        <span class="count number">{numberText(count(tally()))}</span>{' '}
        <Show when={look() !== 'good'}>
          <span class="quality" data-look={look()}><Quality look={look()} compact /> {numberText(tally()[look()])} <span aria-hidden="true">{text().quality[look()]}</span></span>
        </Show>
      </span>
    </div>
  );
}

export function LeafRow(props: { leaf: Leaf; placed: Placed; isMarked: boolean }): JSX.Element {
  const view = useView();
  const { now } = useGateway();
  const id = () => props.leaf.key;
  const point = () => view.watched.point(id());
  const info = createMemo(() => view.watched.info(id()));
  const look = () => lookOf(point());
  const age = () => (point()?.time == null ? null : now() - (point()?.time ?? 0));
  const title = () => [id(), info()?.description].filter(Boolean).join(' – ');
  return (
    <div class="row leaf" role="row" id={props.placed.id()} data-key={id()} aria-level={props.leaf.level} aria-rowindex={props.placed.index()}
      aria-selected={props.isMarked} data-active={props.placed.isActive()} data-look={look()}
      style={{ transform: `translateY(${props.placed.top()}px)`, '--level': props.leaf.level - 1 }}>
      <span class="name" role="rowheader" title={title()}><Name name={props.leaf.name} /></span>
      <Value point={point()} info={info()} />
      <span class="unit" role="gridcell">{point()?.value == null ? '' : info()?.unit}</span>
      <span class="trend" role="gridcell"><Spark id={id()} info={info()} /></span>
      <span role="gridcell" class="quality-cell"><Quality look={look()} /></span>
      <span class="reason" role="gridcell">{reasonLine(point(), now, view.sinces.of)}</span>
      <span class="age number" role="gridcell">{ageText(age())}</span>
    </div>
  );
}

/** Of a long name its end tells more than its beginning. */
function Name(props: { name: string }): JSX.Element {
  const cut = () => props.name.lastIndexOf('/');
  return (
    <>
      <Show when={cut() > 0}><span class="path">{props.name.slice(0, cut())}</span><span class="slash">/</span></Show>
      <span class="last">{props.name.slice(cut() + 1)}</span>
    </>
  );
}

interface Beat {
  readonly point: Point | undefined;
  readonly count: number;
}

function Value(props: { point: Point | undefined; info: PointInfo | undefined }): JSX.Element {
  const shown = createMemo(() => valueText(props.point?.value, props.info));
  const beat = createMemo<Beat>((before) => ({ point: props.point, count: before.count + Number(isChange(before.point, props.point)) }), { point: undefined, count: 0 });
  const part = createMemo(() => share(props.point?.value, props.info));
  const title = () => {
    const { text: whole, raw } = shown();
    return raw !== null ? `${whole} (${raw})` : whole.length > LONG ? whole : undefined;
  };
  return (
    <span class="value" role="gridcell" title={title()}>
      {/* Two animations of the same look in turn: another name starts anew, without the page being asked for its layout. */}
      <span class="number" data-flash={beat().count === 0 ? undefined : beat().count % 2}>{shown().text.slice(0, MOST_LETTERS)}</span>
      <Show when={part() !== null}><span class="gauge" style={{ '--share': part() ?? 0 }} /></Show>
    </span>
  );
}

/** Whether a value that stood there is another now. What comes first, or comes back, is no change. */
function isChange(before: Point | undefined, now: Point | undefined): boolean {
  if (!before?.live || !now?.live || before.id !== now.id || before.value === null || now.value === null) return false;
  return before.value !== now.value;
}

/** What is wrong and for about how long; the details say since when. */
function reasonLine(point: Point | undefined, now: () => number, sinceOf: (point: Point) => number | null): string {
  if (!point?.reason) return '';
  const words = reasonText(point.reason);
  // Without contact nobody knows whether it lasts.
  const since = point.live ? sinceOf(point) : null;
  return since === null || now() - since < 1_000 ? words : text().points.forSpan(words, spanText(now() - since, 1));
}

/** The last minutes in small. */
function Spark(props: { id: string; info: PointInfo | undefined }): JSX.Element {
  const { history, now } = useGateway();
  const path = createMemo(() => {
    const to = now();
    const least = leastOf(props.info);
    return spark(history.track(props.id), { ...SPARK, from: to - SPARK_MS, to, least })?.path ?? '';
  });
  return (
    <svg class="spark" viewBox={`0 0 ${SPARK.width} ${SPARK.height}`} width={SPARK.width} height={SPARK.height} aria-hidden="true">
      <path d={path()} />
    </svg>
  );
}
