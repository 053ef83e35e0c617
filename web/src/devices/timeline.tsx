// The reading plan of a channel as a picture: when it is busy with what, and when it is idle.

import { For, Index, type JSX, Show, createMemo, createSignal } from 'solid-js';
import { durationText, numberText } from '../text/format.js';
import { text } from '../text/language.js';
import { type Drawn, type Lane, lanes } from './plan.js';
import { type Prediction, predict, ticks, windows } from './schedule.js';
import { offsetText, partedText, requestText, shareText, shortTimeText } from './words.js';

interface Props {
  readonly device: string;
  readonly channel: string;
  /** Requests of all devices of the channel, in the order of its plan. */
  readonly requests: readonly Drawn[];
  /** Share of the channel's time that was used lately; null where nobody knows. */
  readonly measured: number | null;
  readonly isLive: boolean;
}

export function Timeline(props: Props): JSX.Element {
  const words = () => text().devices.plan;
  const lengths = createMemo(() => windows(props.requests));
  const [wanted, setWanted] = createSignal<number | null>(null);
  const lengthMs = () => lengths().choices.find((one) => one === wanted()) ?? lengths().best;
  const prediction = createMemo(() => predict(props.channel, props.requests, lengthMs()));
  const rows = createMemo(() => lanes(props.device, props.requests, prediction().blocks));
  return (
    <figure class="timeline" data-look={props.isLive ? 'none' : 'lost'}>
      <div class="timeline-head">
        <p>
          <strong>{words().busy(...partedText(prediction().busy))}</strong>
          <Show when={props.measured !== null}>{' · '}{words().measured(shareText(props.measured))}</Show>
        </p>
        <label>
          {words().window}{' '}
          <select value={lengthMs()} onChange={({ currentTarget }) => setWanted(Number(currentTarget.value))}>
            <For each={lengths().choices}>{(one) => <option value={one} selected={one === lengthMs()}>{durationText(one)}</option>}</For>
          </select>
        </label>
      </div>
      <Legend />
      <div class="lanes" role="img"
        aria-label={words().summary(props.channel, durationText(lengthMs()), numberText(prediction().blocks.length), shareText(prediction().busy))}>
        <For each={rows()}>{(lane) => <LaneRow lane={lane} device={props.device} requests={props.requests} lengthMs={lengthMs()} />}</For>
        <Axis lengthMs={lengthMs()} />
      </div>
      <Warnings prediction={prediction()} />
      <figcaption class="muted">{words().predicted}</figcaption>
    </figure>
  );
}

function Warnings(props: { prediction: Prediction }): JSX.Element {
  return (
    <>
      <Show when={props.prediction.skipped > 0}>
        <p class="warning" data-look="uncertain"><span class="shape" aria-hidden="true">▲</span> {text().devices.plan.skipped(numberText(props.prediction.skipped))}</p>
      </Show>
      <Show when={props.prediction.isCut}><p class="muted">{text().devices.plan.cut}</p></Show>
    </>
  );
}

function Legend(): JSX.Element {
  const words = () => text().devices.plan.legend;
  return (
    <ul class="legend">
      <For each={['own', 'other', 'pause', 'idle'] as const}>
        {(kind) => <li><span class="swatch" data-kind={kind} aria-hidden="true" /> {words()[kind]}</li>}
      </For>
    </ul>
  );
}

function LaneRow(props: { lane: Lane; device: string; requests: readonly Drawn[]; lengthMs: number }): JSX.Element {
  const name = () => {
    const { kind, count, of, device } = props.lane;
    const words = text().devices.plan;
    if (kind === 'channel') return words.whole;
    if (kind === 'restOfDevice') return words.restOfDevice(numberText(count));
    if (kind === 'otherDevices') return words.otherDevices(numberText(count));
    const line = of === null ? undefined : props.requests[of]?.line;
    return line ? requestText(line) : (device ?? '');
  };
  const at = (ms: number) => `${((ms / props.lengthMs) * 100).toFixed(3)}%`;
  return (
    <div class="lane" data-kind={props.lane.kind}>
      <span class="lane-name" title={name()}>{name()}</span>
      <svg class="track" width="100%" height="100%">
        <Index each={props.lane.blocks}>
          {(block) => {
            const request = () => props.requests[block().of];
            const whose = () => (request()?.device === props.device ? 'own' : 'other');
            return (
              <g data-kind={whose()}>
                <rect class="pause" x={at(block().startMs)} width={at(block().busyMs)} y="0" height="100%" />
                <rect class="wire" x={at(block().startMs)} width={at(block().wireMs)} y="0" height="100%">
                  <title>{text().devices.plan.block(blockName(request()), offsetText(block().startMs, props.lengthMs), shortTimeText(block().wireMs))}</title>
                </rect>
              </g>
            );
          }}
        </Index>
      </svg>
    </div>
  );
}

function blockName(request: Drawn | undefined): string {
  return request === undefined ? '' : `${request.device}, ${requestText(request.line)}`;
}

function Axis(props: { lengthMs: number }): JSX.Element {
  return (
    <div class="lane axis">
      <span class="lane-name" />
      <span class="track">
        <For each={ticks(props.lengthMs)}>
          {(tick) => (
            <span class="tick number" data-last={tick > props.lengthMs * 0.97} style={{ left: `${(tick / props.lengthMs) * 100}%` }}>
              {offsetText(tick, props.lengthMs)}
            </span>
          )}
        </For>
      </span>
    </div>
  );
}
