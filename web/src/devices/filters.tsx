// Which devices are shown, and in which order.

import { For, type JSX, Show } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { Quality } from '../shell/quality.js';
import { numberText } from '../text/format.js';
import { text } from '../text/language.js';
import { type Order, STATES, type State } from './order.js';
import { shapeOf } from './parts.js';

interface Props {
  readonly counts: Readonly<Record<State, number>>;
  readonly states: ReadonlySet<State>;
  readonly find: string;
  readonly order: Order;
  readonly onChange: (to: { state?: string; find?: string; order?: string }) => void;
}

/** State by state how many there are, each to be shown alone; words to find; the order. */
export function Filters(props: Props): JSX.Element {
  const toggle = (state: State) => {
    const wanted = STATES.filter((one) => props.states.has(one) !== (one === state));
    props.onChange({ state: wanted.join() });
  };
  const { isLost } = useGateway();
  return (
    <div class="filters" role="search">
      <div class="states" role="group" aria-label={text().devices.showOnly}>
        <For each={STATES}>
          {(state) => (
            <button type="button" aria-pressed={props.states.has(state)} data-state={state} data-some={props.counts[state] > 0}
              onClick={() => toggle(state)}>
              <span class="shape" aria-hidden="true">{shapeOf(isLost() ? 'unknown' : state)}</span>{' '}
              <span class="number">{numberText(props.counts[state])}</span> {text().state[state]}
            </button>
          )}
        </For>
        <Show when={isLost()}><Quality look="lost" /></Show>
      </div>
      <input type="search" aria-label={text().devices.lookFor} placeholder={`${text().devices.lookFor}: ${text().devices.lookForHint}`}
        value={props.find} onInput={({ currentTarget }) => props.onChange({ find: currentTarget.value })} />
      <select aria-label={text().devices.order.label} value={props.order} onChange={({ currentTarget }) => props.onChange({ order: currentTarget.value })}>
        <option value="worst" selected={props.order === 'worst'}>{text().devices.order.worst}</option>
        <option value="name" selected={props.order === 'name'}>{text().devices.order.name}</option>
      </select>
    </div>
  );
}
