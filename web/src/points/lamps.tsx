// A lamp for each device: its state by shape, colour and word, and what is wrong with it. Pressing one shows its points.

import { A } from '@solidjs/router';
import { For, type JSX, Show, createMemo } from 'solid-js';
import { createWatch } from '../live/watch.js';
import { numberText } from '../text/format.js';
import { text } from '../text/language.js';
import { causeOf } from './error.js';
import { useView } from './view.js';

const STATE = /^\$devices\/([^/]+)\/state$/;
/** Of more devices than this only those in trouble have a lamp of their own, as many as this. */
const MOST_LAMPS = 24;

const SHAPES = { online: '●', degraded: '▲', offline: '■', disabled: '○', unknown: '◌' };
type State = keyof typeof SHAPES;

/** Lamps of all devices there are. */
export function Lamps(): JSX.Element {
  const view = useView();
  const watched = createWatch(() => ['$devices/*/state', '$devices/*/last_error']);
  const devices = createMemo(() => watched.ids().flatMap((id) => STATE.exec(id)?.[1] ?? []));
  const stateOf = (device: string): State => {
    const point = watched.point(`$devices/${device}/state`);
    if (!point?.live || point.quality !== 'good') return 'unknown';
    return Object.hasOwn(SHAPES, String(point.value)) ? (point.value as State) : 'unknown';
  };
  const isTroubled = (device: string) => stateOf(device) === 'degraded' || stateOf(device) === 'offline';
  const errorOf = (device: string) => {
    const point = watched.point(`$devices/${device}/last_error`);
    return isTroubled(device) && point?.live && typeof point.value === 'string' ? causeOf(point.value, device) : null;
  };
  const own = createMemo(() => {
    if (devices().length <= MOST_LAMPS) return devices();
    return devices().filter((one) => one === view.asked().device || isTroubled(one)).slice(0, MOST_LAMPS);
  });
  const more = () => devices().length - own().length;
  const chosen = () => view.asked().device;
  return (
    <Show when={devices().length > 0}>
      <section>
        <h2 class="unseen">{text().nav.devices}</h2>
        <ul class="lamps">
          <For each={own()}>
            {(device) => (
              <li>
                <Lamp device={device} state={stateOf(device)} cause={errorOf(device)?.cause ?? ''} isChosen={device === chosen()}
                  onPress={() => view.go({ device: device === chosen() ? null : device })} />
              </li>
            )}
          </For>
          <Show when={more() > 0}>
            <li><A class="lamp" href="/devices">{text().points.moreDevices(numberText(more()), numberText(devices().length))}</A></li>
          </Show>
        </ul>
        <Show when={chosen()}>
          {(device) => (
            <p class="trouble" data-state={stateOf(device())} role="status">
              <A href={`/devices/${encodeURIComponent(device())}`}>{device()}</A>{' '}
              <span class="word">{text().state[stateOf(device())]}</span>
              <Show when={errorOf(device())?.whole}>{(whole) => <>: {whole()}</>}</Show>
            </p>
          )}
        </Show>
      </section>
    </Show>
  );
}

function Lamp(props: { device: string; state: State; cause: string; isChosen: boolean; onPress: () => void }): JSX.Element {
  return (
    <button type="button" class="lamp" data-state={props.state} aria-pressed={props.isChosen} onClick={() => props.onPress()}
      title={text().points.lampTitle(props.device)}>
      <span class="shape" aria-hidden="true">{SHAPES[props.state]}</span>
      <span class="name">{props.device}</span>{' '}
      <span class="word">{text().state[props.state]}</span>
      <Show when={props.cause}><span class="cause">{props.cause}</span></Show>
    </button>
  );
}
