// Which line is which, and its value: now, or where the crosshair is. Also what screen readers have of a chart.
//
// What holds: a value that is now shows how good it is; one of the past stands without that, and a dash where no good
// value was known.

import { For, type JSX, Show } from 'solid-js';
import type { Point } from 'pointcast';
import { Id } from '../shell/id.js';
import { type Look, Quality, lookOf } from '../shell/quality.js';
import { NOTHING, numberText, reasonText, valueText } from '../text/format.js';
import { text } from '../text/language.js';
import type { Line } from './groups.js';
import { type Shades, colourOf, patternOf } from './palette.js';

/** Lines with their values. */
export interface LegendProps {
  readonly lines: readonly Line[];
  readonly shades: Shades;
  /** Whether patterns tell the lines of this chart apart. */
  readonly hasPatterns: boolean;
  readonly point: (id: string) => Point | undefined;
  /** The number at the crosshair; undefined while there is none. */
  readonly past: ((id: string) => number) | undefined;
  /** Points that are not drawn, since their numbers are too large for it. */
  readonly inexact: readonly string[];
  readonly onRemove?: ((id: string) => void) | undefined;
}

export function Legend(props: LegendProps): JSX.Element {
  return (
    <ul class="legend">
      <For each={props.lines}>{(line) => <Entry line={line} {...props} />}</For>
    </ul>
  );
}

function Entry(props: LegendProps & { line: Line }): JSX.Element {
  const id = () => props.line.id;
  const point = () => props.point(id());
  const look = () => lookOf(point());
  const shown = () => (props.past ? pastText(props.past(id()), props.line) : valueText(point()?.value, props.line.info).text);
  const note = () => {
    if (props.inexact.includes(id())) return text().trends.inexact;
    return !props.past && (look() === 'bad' || look() === 'uncertain') ? reasonText(point()?.reason) : '';
  };
  const unit = () => (shown() === NOTHING ? '' : (props.line.info.unit ?? ''));
  return (
    <li data-look={props.past ? undefined : look()} data-id={id()}>
      <div class="entry">
        <Sample colour={lineColour(props.shades, props.line, look())} dash={props.hasPatterns ? patternOf(props.line.slot) : []} />
        <span class="name" title={props.line.info.description}><Id id={id()} /></span>
        <span class="value number">{shown()} <span class="unit">{unit()}</span></span>
        <Show when={!props.past} fallback={<span class="quality" />}>
          <Quality look={look()} compact={look() !== 'bad' && look() !== 'uncertain'} />
        </Show>
        <Show when={props.onRemove}>
          {(remove) => <button type="button" class="quiet" aria-label={text().trends.remove(id())} onClick={() => remove()(id())}>×</button>}
        </Show>
      </div>
      <Show when={note()}>{(said) => <p class="note">{said()}</p>}</Show>
    </li>
  );
}

/** The colour of a line: grey when its newest value is not live. */
export function lineColour(shades: Shades, { slot }: Line, look: Look): string {
  return look === 'lost' ? shades.lost : colourOf(shades, slot);
}

/** What tells names apart: without the segments that all of them begin or end with. */
export function shortNames(ids: readonly string[]): string[] {
  const paths = ids.map((id) => id.split('/'));
  const [first = []] = paths;
  const shortest = Math.min(...paths.map(({ length }) => length));
  const isCommon = (segment: (path: readonly string[]) => string | undefined) => paths.every((path) => segment(path) === segment(first));
  let begin = 0;
  while (begin < shortest - 1 && isCommon((path) => path[begin])) begin += 1;
  let end = 0;
  while (end < shortest - begin - 1 && isCommon((path) => path.at(-1 - end))) end += 1;
  return paths.map((path) => path.slice(begin, path.length - end).join('/'));
}

/** A piece of the line. */
export function Sample(props: { colour: string; dash: readonly number[] }): JSX.Element {
  return (
    <svg class="sample" viewBox="0 0 28 10" width="28" height="10" aria-hidden="true">
      <line x1="0" y1="5" x2="28" y2="5" stroke={props.colour} stroke-width="2.5" stroke-dasharray={props.dash.join(' ')} />
    </svg>
  );
}

/** A number of the past as its point would show it. One beyond what a number can hold exactly says so. */
export function pastText(value: number, { info }: Line): string {
  if (Number.isNaN(value)) return NOTHING;
  if (info.type === 'bool') return valueText(value !== 0, info).text;
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return `≈ ${numberText(Number(value.toPrecision(15)))}`;
  return valueText(value, info).text;
}
