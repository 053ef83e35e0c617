// What is wrong, in whole sentences: what it is, since when, what the gateway says, and what there is to try.

import { For, type JSX, Show } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { bareError } from '../text/error.js';
import { momentText, spanText } from '../text/format.js';
import { text } from '../text/language.js';
import type { Standing } from './parts.js';
import { causeOf } from './trouble.js';

interface About {
  readonly device: string;
  readonly driver: string;
  readonly standing: Standing;
  /** In the gateway's words; empty where it says nothing. */
  readonly error: string;
}

/** `offline for 5 min, since 18:22:40`. */
function sinceText({ state, since }: Standing, now: number): string {
  const word = text().state[state];
  return since === null ? word : text().devices.forSpan(word, spanText(Math.max(0, now - since)), momentText(since));
}

/** All that can be said of a device in trouble. */
export function Trouble(props: About & { compact?: boolean }): JSX.Element {
  const { now } = useGateway();
  const cause = () => causeOf(props.error, props.driver);
  const words = () => {
    const known = cause();
    return known === null ? null : text().devices.causes[known];
  };
  const what = () => (props.error === '' ? text().devices.notHeard : (words()?.what ?? ''));
  const tries = () => words()?.tries ?? [];
  return (
    <div class="trouble" data-look={props.standing.state === 'degraded' ? 'uncertain' : 'bad'}>
      <p class="what">
        <Show when={what()}><strong>{what()}</strong>{' '}</Show>
        <span class="since">{sinceText(props.standing, now())}</span>
      </p>
      <Show when={props.error !== ''}>
        <p class="says"><span class="lead">{text().devices.gatewaySays}</span> <q>{bareError(props.error, props.device)}</q></p>
      </Show>
      <Show when={tries().length > 0}>
        <Show when={!props.compact} fallback={<p class="tries"><span class="lead">{text().devices.toTry}</span> {tries().join(' ')}</p>}>
          <p class="lead">{text().devices.toTry}</p>
          <ul class="tries"><For each={tries()}>{(one) => <li>{one}</li>}</For></ul>
        </Show>
      </Show>
    </div>
  );
}
