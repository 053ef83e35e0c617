// How good a value is, by shape, colour and word: no one of them alone.

import type { JSX } from 'solid-js';
import type { Point } from 'pointcast';
import { text } from '../text/language.js';

/** What a value's look depends on: its quality, or that it is not live whatever it was. */
export type Look = 'good' | 'uncertain' | 'bad' | 'lost' | 'none';

/** How a point is to look. */
export function lookOf(point: Point | undefined): Look {
  if (point === undefined) return 'none';
  return point.live ? point.quality : 'lost';
}

const SHAPES: Record<Look, string> = { good: '●', uncertain: '▲', bad: '■', lost: '◌', none: '·' };

/** Shape and word of a look; the word is left to screen readers where `compact`. */
export function Quality(props: { look: Look; compact?: boolean }): JSX.Element {
  return (
    <span class="quality" data-look={props.look}>
      <span class="shape" aria-hidden="true">{SHAPES[props.look]}</span>{' '}
      <span class={props.compact ? 'unseen' : 'word'}>{text().quality[props.look]}</span>
    </span>
  );
}
