// Trends to be put anywhere: `TrendChart` for a few points, always up to now; `Charts` for pages that move and zoom.
//
// What holds: charts of one picture share their time and their crosshair. Small ones have no legend in sight, yet say the
// same to screen readers.

import { type Accessor, For, type JSX, Show, createMemo, createSignal, onCleanup } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { type Watched, createWatch } from '../live/watch.js';
import { Id } from '../shell/id.js';
import { lookOf } from '../shell/quality.js';
import { NOTHING, valueText } from '../text/format.js';
import { text } from '../text/language.js';
import { valueAt } from './decimate.js';
import { type Group, type Grouped, type Line, groupsOf } from './groups.js';
import { heightsOf } from './layout.js';
import { Legend, Sample, lineColour, pastText, shortNames } from './legend.js';
import { type Shades, createShades, patternOf } from './palette.js';
import { Plot } from './plot.js';
import { createSeen, createTick } from './tick.js';
import { type View, spanOf } from './view.js';
import './chart.css';

/** The last `spanMs` of a few points, live. `small`: for a tile; it fills what is around it. */
export function TrendChart(props: { ids: readonly string[]; spanMs: number; small?: boolean }): JSX.Element {
  const [cross, setCross] = createSignal<number | null>(null);
  const [box, setBox] = createSignal<HTMLElement>();
  const point = (event: PointerEvent) => setCross(placeIn(box(), event.clientX));
  return (
    <div class="trend-chart" classList={{ small: props.small === true }} ref={setBox}
      onPointerMove={point} onPointerLeave={() => setCross(null)}>
      <Charts ids={props.ids} view={{ spanMs: props.spanMs, end: null }} cross={cross()} small={props.small === true} isLow />
    </div>
  );
}

/** Where in the span of the charts within `box` a pointer is, 0 to 1; null beside them. */
export function placeIn(box: HTMLElement | undefined, clientX: number): number | null {
  const plane = box?.querySelector('.u-over')?.getBoundingClientRect();
  if (!plane || plane.width === 0) return null;
  const place = (clientX - plane.left) / plane.width;
  return place < 0 || place > 1 ? null : place;
}

/** What charts show, and what may be done with them. */
export interface ChartsProps {
  readonly ids: readonly string[];
  readonly view: View;
  /** Where the crosshair is: a part of the span. */
  readonly cross: number | null;
  readonly marked?: readonly [number, number] | null;
  readonly small?: boolean;
  /** As low as can be read, instead of sharing what the window has. */
  readonly isLow?: boolean;
  readonly onRemove?: (id: string) => void;
}

/** A chart for each unit, one above the other. */
export function Charts(props: ChartsProps): JSX.Element {
  const gateway = useGateway();
  const watched = createWatch(() => props.ids);
  const windowPx = createWindowPx();
  const shades = createShades();
  const [box, setBox] = createSignal<HTMLElement>();
  const now = createTick(() => gateway.time.now(), () => props.view, createSeen(box));
  const span = createMemo(() => spanOf(props.view, now()));
  const grouped = createMemo(() => groupsOf(props.ids, watched.info));
  const keys = createMemo(() => grouped().groups.map(({ key }) => key), [], { equals: (one, other) => one.join('\n') === other.join('\n') });
  const heights = createMemo(() => heightsOf(grouped().groups, props.isLow ? 0 : windowPx()));
  const [gutters, setGutters] = createSignal<Readonly<Record<string, number>>>({});
  const gutter = createMemo(() => Math.max(0, ...keys().map((key) => gutters()[key] ?? 0)));
  const note = (key: string, px: number) => setGutters((all) => (all[key] === px ? all : { ...all, [key]: px }));
  return (
    <div class="charts" ref={setBox}>
      <For each={keys()}>
        {(key, at) => (
          <Chart {...props} key={key} grouped={grouped()} watched={watched} span={span()} now={now()} shades={shades()}
            gutter={gutter()} onGutter={(px) => note(key, px)} hasTimes={at() === keys().length - 1} heights={heights()} />
        )}
      </For>
      <Show when={!props.small}><Rest grouped={grouped()} watched={watched} onRemove={props.onRemove} /></Show>
    </div>
  );
}

function createWindowPx(): Accessor<number> {
  const [px, setPx] = createSignal(innerHeight);
  const note = () => setPx(innerHeight);
  addEventListener('resize', note);
  onCleanup(() => removeEventListener('resize', note));
  return px;
}

interface ChartProps extends ChartsProps {
  readonly key: string;
  readonly grouped: Grouped;
  readonly watched: Watched;
  readonly span: { from: number; to: number };
  readonly now: number;
  readonly shades: Shades;
  readonly gutter: number;
  readonly onGutter: (px: number) => void;
  readonly hasTimes: boolean;
  readonly heights: ReadonlyMap<string, number>;
}

function Chart(props: ChartProps): JSX.Element {
  const { history } = useGateway();
  const [inexact, setInexact] = createSignal<readonly string[]>([], { equals: (one, other) => one.join() === other.join() });
  const empty: Group = { key: '', kind: 'number', unit: '', lines: [] };
  const group = createMemo<Group>((before) => props.grouped.groups.find(({ key }) => key === props.key) ?? before, empty);
  const look = (id: string) => lookOf(props.watched.point(id));
  const time = () => (props.cross === null ? null : Math.min(props.span.to, props.span.from + (props.span.to - props.span.from) * props.cross));
  const past = () => {
    const at = time();
    return at === null ? undefined : (id: string) => valueAt(history.track(id), at, props.now);
  };
  return (
    <figure class="chart">
      <Show when={!props.small} fallback={<Told group={group()} watched={props.watched} shades={props.shades} past={past()} />}>
        <figcaption>
          <span class="what">{captionOf(group())}</span>
          <Legend lines={group().lines} shades={props.shades} hasPatterns={hasPatterns(group())} inexact={inexact()}
            point={props.watched.point} past={past()} onRemove={props.onRemove} />
        </figcaption>
      </Show>
      <Plot group={group()} from={props.span.from} to={props.span.to} until={props.now} track={(id) => history.track(id)} look={look}
        shades={props.shades} cross={props.cross} marked={props.marked ?? null} hasTimes={props.hasTimes} small={props.small === true}
        gutter={props.gutter} onGutter={props.onGutter}
        height={props.small ? undefined : props.heights.get(props.key)} onInexact={setInexact} />
    </figure>
  );
}

/** Whether lines of a chart share so much that their patterns are needed. */
function hasPatterns({ kind, lines }: Group): boolean {
  return lines.length > 1 && kind !== 'switch';
}

function captionOf({ kind, unit }: Group): string {
  if (kind === 'switch') return text().trends.switches;
  return kind === 'names' ? text().trends.states : unit || text().trends.noUnit;
}

/**
 * A small chart's legend: the newest values for screen readers; in sight those of several lines with what tells them apart,
 * or the crosshair's values.
 */
function Told(props: { group: Group; watched: Watched; shades: Shades; past: ((id: string) => number) | undefined }): JSX.Element {
  const names = createMemo(() => shortNames(props.group.lines.map(({ id }) => id)));
  const isOne = () => props.group.lines.length === 1;
  const shown = (line: Line) => (props.past ? pastText(props.past(line.id), line) : valueText(props.watched.point(line.id)?.value, line.info).text);
  return (
    <figcaption>
      <ul class="unseen">
        <For each={props.group.lines}>
          {({ id, info }) => {
            const point = () => props.watched.point(id);
            return <li>{id}: {valueText(point()?.value, info).text} {info.unit}, {text().quality[lookOf(point())]}</li>;
          }}
        </For>
      </ul>
      <p class="brief" classList={{ over: isOne() }} hidden={isOne() && !props.past} aria-hidden="true">
        <For each={props.group.lines}>
          {(line, at) => (
            <span class="pair" data-look={props.past ? undefined : lookOf(props.watched.point(line.id))}>
              <Show when={!isOne()}>
                <Sample colour={lineColour(props.shades, line, lookOf(props.watched.point(line.id)))} dash={hasPatterns(props.group) ? patternOf(line.slot) : []} /> {names()[at()]}
              </Show>
              <b class="number"> {shown(line)} {shown(line) === NOTHING ? '' : line.info.unit}</b>
            </span>
          )}
        </For>
      </p>
    </figcaption>
  );
}

/** What was chosen and cannot be drawn, and why. */
function Rest(props: { grouped: Grouped; watched: Watched; onRemove: ((id: string) => void) | undefined }): JSX.Element {
  const { catalog } = useGateway();
  // What was not answered yet is no answer.
  const whyUnknown = (id: string) => (catalog.lacks(id) ? text().trends.unknown : '');
  const rest = () => [
    ...props.grouped.texts.map((id) => ({ id, why: text().trends.isText(valueText(props.watched.point(id)?.value).text) })),
    ...props.grouped.unknown.map((id) => ({ id, why: whyUnknown(id) })),
  ];
  return (
    <Show when={rest().length > 0}>
      <ul class="legend rest">
        <For each={rest()}>
          {({ id, why }) => (
            <li data-id={id}>
              <div class="entry">
                <span class="name"><Id id={id} /></span>
                <Show when={props.onRemove}>
                  {(remove) => <button type="button" class="quiet" aria-label={text().trends.remove(id)} onClick={() => remove()(id)}>×</button>}
                </Show>
              </div>
              <p class="note">{why}</p>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}
