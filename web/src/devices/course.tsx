// The recent course of a number, small, with its bounds in words.

import { type JSX, Show, createMemo } from 'solid-js';
import { spanText } from '../text/format.js';
import { text } from '../text/language.js';
import { type Track, boundsOf, coursePath } from './course-line.js';

const [WIDTH, HEIGHT] = [240, 36];

/** Less is no course yet. */
const LEAST_MS = 10_000;

interface Props {
  /** Anew whenever the track has grown. */
  readonly track: Track | undefined;
  readonly now: number;
  readonly spanMs: number;
  /** Least difference that fills its height. */
  readonly least: number;
  readonly isLive: boolean;
  readonly format: (value: number) => string;
}

export function Course(props: Props): JSX.Element {
  const first = () => props.track?.times[0] ?? props.now;
  // No older than what is known.
  const from = () => Math.max(first(), props.now - props.spanMs);
  const bounds = createMemo(() => (props.track && props.now - first() >= LEAST_MS ? boundsOf(props.track, from()) : null));
  const path = () => (props.track ? coursePath(props.track, from(), props.now, { width: WIDTH, height: HEIGHT - 4, least: props.least }) : '');
  const span = () => spanText(props.now - from(), 1);
  return (
    <Show when={bounds()}>
      {(known) => (
        <div class="course" data-look={props.isLive ? 'none' : 'lost'}>
          <svg viewBox={`0 -2 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
            <path d={path()} vector-effect="non-scaling-stroke" />
          </svg>
          <p class="muted">{text().devices.course(props.format(known().low), props.format(known().high), span())}</p>
        </div>
      )}
    </Show>
  );
}
