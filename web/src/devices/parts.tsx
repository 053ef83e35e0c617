// Small pieces that the list and a device's page share.

import type { JSX } from 'solid-js';
import type { Point } from 'pointcast';
import { text } from '../text/language.js';
import type { Look } from '../shell/quality.js';
import { type State, stateOf } from './order.js';
import { shareText } from './words.js';

const SHAPES: Record<State, string> = { online: '●', degraded: '▲', offline: '■', disabled: '○', unknown: '◌' };
const LOOKS: Record<State, Look> = { online: 'good', degraded: 'uncertain', offline: 'bad', disabled: 'none', unknown: 'lost' };

/** What the gateway tells of a device's state, as a point. */
export interface Standing {
  readonly state: State;
  /** Since when, Unix ms by the gateway's clock. */
  readonly since: number | null;
  readonly isLive: boolean;
}

/** How the device is by its own point. What is not live is unknown, whatever it was. */
export function standingOf(point: Point | undefined): Standing {
  if (point === undefined || !point.live) return { state: 'unknown', since: null, isLive: false };
  return { state: stateOf(point.value), since: point.time, isLive: true };
}

/** How what is told of a device is to look. */
export function lookOfState({ state, isLive }: Standing): Look {
  return isLive ? LOOKS[state] : 'lost';
}

/** A state by shape, colour and word. */
export function StateLamp(props: { standing: Standing }): JSX.Element {
  return (
    <span class="state" data-look={lookOfState(props.standing)} data-state={props.standing.state}>
      <span class="shape" aria-hidden="true">{SHAPES[props.standing.state]}</span>{' '}
      <span class="word">{props.standing.isLive ? text().state[props.standing.state] : text().quality.lost}</span>
    </span>
  );
}

/** The shape of a state alone. */
export function shapeOf(state: State): string {
  return SHAPES[state];
}

/** A share as a bar with its figure; from so much on a channel is nearly full. */
const NEARLY_FULL = 0.85;

export function Share(props: { share: number | null; isLive: boolean }): JSX.Element {
  const known = () => props.share !== null && Number.isFinite(props.share);
  const percent = () => Math.min(100, Math.max(0, (props.share ?? 0) * 100));
  return (
    <span class="share" data-full={known() && (props.share ?? 0) >= NEARLY_FULL} data-look={props.isLive ? 'none' : 'lost'}>
      <span class="bar" aria-hidden="true" hidden={!known()}>
        <span style={{ width: `${percent()}%` }} />
      </span>
      <span class="number">{shareText(props.share)}</span>
    </span>
  );
}
