// One device: how it is and since when, what is wrong, its points, and what its channel does by its reading plan.

import { A } from '@solidjs/router';
import { type JSX, Match, Show, Switch, createEffect, createMemo, createSignal, on } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { type Watched, createWatch } from '../live/watch.js';
import { bareError } from '../text/error.js';
import { momentText, spanText } from '../text/format.js';
import { text } from '../text/language.js';
import { Counters } from './counters.js';
import { Kept } from './course-line.js';
import { Facts } from './facts.js';
import { Old, Unanswered, channelShare } from './list.js';
import { isTroubled } from './order.js';
import { StateLamp, standingOf } from './parts.js';
import { DevicePoints } from './points.js';
import { PlanSection } from './plan-section.js';
import { type Asked, OLD_AFTER, createQuestion } from './question.js';
import { type Detailed, Refused, askOne } from './report.js';
import { createSiblings } from './siblings.js';
import { causeOf } from './trouble.js';
import { Trouble } from './trouble-text.js';

const ASK_EVERY_MS = 2_000;

/** As many response times are kept: five minutes. */
const MOST_KEPT = 150;
export const COURSE_MS = MOST_KEPT * ASK_EVERY_MS;

export function DevicePage(props: { device: string }): JSX.Element {
  const asked = createQuestion(() => askOne(props.device), ASK_EVERY_MS);
  const isUnknown = () => {
    const { fault } = asked.answer();
    return fault instanceof Refused && fault.status === 404;
  };
  return (
    <Switch fallback={<Asking device={props.device} asked={asked} />}>
      <Match when={isUnknown()}>
        <section class="empty">
          <h1>{text().devices.unknown.title}</h1>
          <p>{text().devices.unknown.text(props.device)}</p>
          <A class="button" href="/devices">{text().devices.back}</A>
        </section>
      </Match>
      <Match when={asked.answer().value}>
        {(detailed) => <Known device={props.device} detailed={detailed()} asked={asked} />}
      </Match>
    </Switch>
  );
}

function Asking(props: { device: string; asked: Asked<Detailed> }): JSX.Element {
  return (
    <section class="empty">
      <h1>{props.device}</h1>
      <Unanswered asked={props.asked} />
      <A class="button" href="/devices">{text().devices.back}</A>
    </section>
  );
}

function Known(props: { device: string; detailed: Detailed; asked: Asked<Detailed> }): JSX.Element {
  const { contact } = useGateway();
  const own = createWatch(() => [`$devices/${props.device}/**`]);
  const siblings = createSiblings(props.device, () => props.detailed.channel);
  const names = createMemo(() => siblings().devices.map(({ device }) => device));
  // Those of the channel's own devices, which a picture is of.
  const figures = createWatch(() => names().map((device) => `$devices/${device}/utilisation`));
  const responses = createResponses(props.asked);
  const standing = () => standingOf(own.point(`$devices/${props.device}/state`));
  const measured = () => channelShare(figures, names());
  return (
    <>
      <div class="device-head">
        <A href="/devices" class="back">‹ {text().devices.back}</A>
        <h1>{props.device}</h1>
        <StateLamp standing={standing()} />
        <Show when={standing().isLive && !isTroubled(standing().state)}>
          <SinceWhen standing={standing()} />
        </Show>
      </div>
      <Old asked={props.asked} />
      <Situation device={props.device} detailed={props.detailed} own={own} />
      <Facts device={props.device} detailed={props.detailed} own={own} isFresh={props.asked.isFresh()} responses={responses()}
        channelShare={measured()} />
      <DevicePoints detailed={props.detailed} isFresh={props.asked.isFresh()} />
      <PlanSection detailed={props.detailed} siblings={siblings()} measured={measured()} isDisabled={standing().state === 'disabled'}
        isLive={contact().state === 'live'} />
      <Counters detailed={props.detailed} isFresh={props.asked.isFresh()} />
    </>
  );
}

function SinceWhen(props: { standing: ReturnType<typeof standingOf> }): JSX.Element {
  const { now } = useGateway();
  const since = () => props.standing.since;
  return <span class="muted">{text().devices.sinceWhen(momentText(since()), spanText(Math.max(0, now() - (since() ?? now()))))}</span>;
}

/** What is wrong; where nothing is, what was last. */
function Situation(props: { device: string; detailed: Detailed; own: Watched }): JSX.Element {
  const standing = () => standingOf(props.own.point(`$devices/${props.device}/state`));
  const lastError = () => props.own.point(`$devices/${props.device}/last_error`);
  const error = () => String(lastError()?.value ?? '');
  const kind = () => {
    const cause = causeOf(error(), props.detailed.driver);
    return cause === null || cause === 'other' ? '' : text().devices.causes[cause].what;
  };
  return (
    <Switch>
      <Match when={standing().isLive && isTroubled(standing().state)}>
        <section class="panel section" aria-labelledby="what-is-wrong">
          <h2 id="what-is-wrong">{text().devices.trouble}</h2>
          <Trouble device={props.device} driver={props.detailed.driver} standing={standing()} error={error()} />
        </section>
      </Match>
      <Match when={standing().state === 'disabled'}><p class="panel section">{text().devices.disabled}</p></Match>
      <Match when={standing().isLive && error() !== ''}>
        <p class="muted">{text().devices.lastError(momentText(lastError()?.time ?? null))} {kind()} <q>{bareError(error(), props.device)}</q></p>
      </Match>
    </Switch>
  );
}

/** The response times that were heard while the page was open; anew with each answer. */
function createResponses(asked: Asked<Detailed>) {
  const { now } = useGateway();
  const kept = new Kept(MOST_KEPT, OLD_AFTER * ASK_EVERY_MS);
  const [responses, setResponses] = createSignal(kept.track(), { equals: false });
  const isFreshNow = createMemo(asked.isFresh);
  createEffect(on([asked.answer, isFreshNow], ([{ value }, isFresh]) => {
    kept.add(now(), isFresh && value?.state !== 'offline' ? (value?.response_ms ?? null) : null);
    setResponses(kept.track());
  }));
  return responses;
}
