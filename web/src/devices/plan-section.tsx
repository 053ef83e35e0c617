// The reading plan of a device within that of its channel: a picture, and the same in figures.

import { For, type JSX, Match, Show, Switch, createMemo } from 'solid-js';
import { text } from '../text/language.js';
import { type Planned, drawable, pointsOf } from './plan.js';
import { OthersTable, PlanTable } from './plan-table.js';
import type { Detailed, PlanLine } from './report.js';
import type { Siblings } from './siblings.js';
import { Timeline } from './timeline.js';

interface Props {
  readonly detailed: Detailed;
  readonly siblings: Siblings;
  readonly measured: number | null;
  readonly isDisabled: boolean;
  readonly isLive: boolean;
}

export function PlanSection(props: Props): JSX.Element {
  const words = () => text().devices.plan;
  // A plan that stays the same is the same picture, however often it is told.
  const own = createMemo<readonly PlanLine[]>(() => props.detailed.plan, [], { equals: isSamePlan });
  const others = createMemo(() => props.siblings.devices.flatMap(({ device }) => props.siblings.plans.get(device) ?? []));
  const requests = createMemo(() => drawable(wholePlan(props.detailed.device, own(), props.siblings)));
  const isAsked = () => own().some(({ scan_ms: every }) => every !== null);
  const isDrawn = () => requests().some(({ device }) => device === props.detailed.device);
  const isRefused = () => own().every(({ refused }) => refused);
  const missing = () => props.siblings.devices.length - 1 - others().length;
  return (
    <section class="panel section plan" data-look={props.isLive ? 'none' : 'lost'} aria-labelledby="its-plan">
      <h2 id="its-plan">{words().title}</h2>
      <Switch>
        <Match when={own().length === 0}><p>{props.isDisabled ? words().noneOff : words().none}</p></Match>
        <Match when={!isAsked()}>
          <p>{words().none}</p>
          <Listened device={props.detailed.device} plan={own()} />
        </Match>
        <Match when={true}>
          <Show when={!isDrawn()}><p>{isRefused() ? words().allRefused : words().untimed}</p></Show>
          <Show when={requests().length > 0}>
            <Timeline device={props.detailed.device} channel={props.detailed.channel} requests={requests()} measured={props.measured}
              isLive={props.isLive} />
          </Show>
          <Show when={!props.siblings.isWhole}><p class="muted">{words().loading}</p></Show>
          <Show when={props.siblings.isWhole && missing() > 0}><p class="muted">{words().missing(missing())}</p></Show>
          <PlanTable device={props.detailed.device} plan={own()} />
          <OthersTable others={others()} />
        </Match>
      </Switch>
    </section>
  );
}

/** The plan of the whole channel, in its order. */
function wholePlan(device: string, own: readonly PlanLine[], { devices, plans }: Siblings): readonly Planned[] {
  const names = devices.length > 0 ? devices.map((one) => one.device) : [device];
  return names.flatMap((name) => {
    const plan = name === device ? own : (plans.get(name)?.plan ?? []);
    return plan.map((line) => ({ device: name, line }));
  });
}

function isSamePlan(one: readonly PlanLine[], other: readonly PlanLine[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What a device that is not asked is listened to for. */
function Listened(props: { device: string; plan: readonly PlanLine[] }): JSX.Element {
  const words = () => text().devices;
  return (
    <div class="scrolling" tabindex="0" role="region" aria-label={words().plan.listens}>
      <table class="figures">
        <caption class="unseen">{words().plan.listens}</caption>
        <thead>
          <tr><th scope="col">{words().plan.listens}</th><th scope="col">{words().table.points}</th></tr>
        </thead>
        <tbody>
          <For each={props.plan}>
            {(line) => (
              <tr>
                <th scope="row">{line.request}</th>
                <td class="names">{pointsOf(line, props.device, line.points.length).names.join(', ')}</td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </div>
  );
}
