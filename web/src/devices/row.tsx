// One device of the list: a row, and below it what is wrong.

import { A } from '@solidjs/router';
import { type JSX, Show } from 'solid-js';
import { momentText, numberText } from '../text/format.js';
import { text } from '../text/language.js';
import { failuresOf } from './failures.js';
import type { View } from './list.js';
import { isTroubled } from './order.js';
import { Share, StateLamp, lookOfState, standingOf } from './parts.js';
import type { Report } from './report.js';
import { createSight } from './sight.js';
import { Trouble } from './trouble-text.js';
import { everyText, shareText, shortTimeText } from './words.js';

/** The columns of the list, in their order. */
export const COLUMNS = ['device', 'state', 'since', 'response', 'errors', 'points', 'every', 'share'] as const;

export function Row(props: { device: string; view: View; isSharedTrouble: boolean }): JSX.Element {
  const { ref, isSeen, height } = createSight();
  const report = () => props.view.reports().get(props.device);
  return (
    <>
      <tr class="device" ref={ref}>
        <th scope="row" data-column="device">
          <A href={`/devices/${encodeURIComponent(props.device)}`}>{props.device}</A>
          <span class="address">{report()?.address}</span>
        </th>
        <Show when={isSeen()} fallback={<td colspan={COLUMNS.length - 1} style={{ height: `${height()}px` }} />}>
          <Cells device={props.device} view={props.view} report={report()} />
        </Show>
      </tr>
      <Show when={isSeen() && !props.isSharedTrouble}>
        <Why device={props.device} view={props.view} driver={report()?.driver ?? ''} />
      </Show>
    </>
  );
}

function Cells(props: { device: string; view: View; report: Report | undefined }): JSX.Element {
  const words = () => text().devices;
  const live = (name: string) => props.view.figures.point(`$devices/${props.device}/${name}`);
  const standing = () => standingOf(props.view.states.point(`$devices/${props.device}/state`));
  const number = (name: string) => {
    const point = live(name);
    return typeof point?.value === 'number' && point.quality === 'good' ? point.value : null;
  };
  const asked = () => (props.view.isFresh() ? 'none' : 'lost');
  const stream = () => (standing().isLive ? 'none' : 'lost');
  const configured = () => props.report?.configured_scan_ms ?? null;
  const timeouts = () => number('timeouts') ?? props.report?.timeouts ?? 0;
  const failures = () => (props.report ? failuresOf({ ...props.report, timeouts: timeouts() }) : { count: timeouts(), share: null });
  // What it was stays, in grey, while nobody can tell how it is.
  const answers = () => !standing().isLive || standing().state === 'online' || standing().state === 'degraded';
  const qualities = () => props.report?.qualities ?? { good: 0, uncertain: 0, bad: 0 };
  return (
    <>
      <td data-column="state"><StateLamp standing={standing()} /></td>
      <td class="number" data-column="since" data-look={stream()} data-label={words().columns.since}>{momentText(standing().since)}</td>
      <td class="number" data-column="response" data-look={asked()} data-label={words().columns.response}>
        {shortTimeText(answers() ? props.report?.response_ms : null)}
      </td>
      <td class="number" data-column="errors" data-look={asked()} data-label={words().columns.errors}>
        {numberText(failures().count)}
        <Show when={failures().share !== null}><span class="muted" title={words().errorsOf(shareText(failures().share))}> {shareText(failures().share)}</span></Show>
      </td>
      <td class="number" data-column="points" data-look={asked()} data-label={words().columns.points}>
        <Qualities {...qualities()} isQuiet={!props.view.isFresh() || standing().state === 'disabled'} />
      </td>
      <td class="number" data-column="every" data-look={stream()} data-label={words().columns.every}>
        {everyText(number('scan_ms'))}
        <Show when={configured()}>
          {(ms) => <span class="slower" data-look={stream() === 'lost' ? 'lost' : 'uncertain'} title={words().slower(everyText(ms()))}>
            <span class="shape" aria-hidden="true"> ▲</span><span class="unseen">{words().slowerShort}</span>
          </span>}
        </Show>
      </td>
      <td data-column="share" data-label={words().columns.share}>
        <Share share={answers() ? number('utilisation') : null} isLive={standing().isLive} />
      </td>
    </>
  );
}

/** How many of the points are good, and how many are not; in grey where that is old, or nothing is to be done. */
function Qualities(props: Report['qualities'] & { isQuiet: boolean }): JSX.Element {
  const look = (one: 'uncertain' | 'bad') => (props.isQuiet ? 'lost' : one);
  const whole = () => text().devices.points(numberText(props.good), numberText(props.uncertain), numberText(props.bad));
  return (
    <span title={whole()}>
      <span aria-hidden="true">
        <Show when={props.bad > 0}><span class="count" data-look={look('bad')}>■ {numberText(props.bad)}</span> </Show>
        <Show when={props.uncertain > 0}><span class="count" data-look={look('uncertain')}>▲ {numberText(props.uncertain)}</span> </Show>
        <Show when={props.good > 0 || props.bad + props.uncertain === 0}>{numberText(props.good)}</Show>
      </span>
      <span class="unseen">{whole()}</span>
    </span>
  );
}

function Why(props: { device: string; view: View; driver: string }): JSX.Element {
  const standing = () => standingOf(props.view.states.point(`$devices/${props.device}/state`));
  const error = () => String(props.view.states.point(`$devices/${props.device}/last_error`)?.value ?? '');
  return (
    <Show when={standing().isLive && isTroubled(standing().state)}>
      <tr class="why" data-look={lookOfState(standing())}>
        <td colspan={COLUMNS.length}>
          <Trouble compact device={props.device} driver={props.driver} standing={standing()} error={error()} />
        </td>
      </tr>
    </Show>
  );
}
