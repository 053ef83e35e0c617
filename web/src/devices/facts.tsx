// What is so of a device at present: where it is, how fast it answers, and what it takes of its channel's time.

import { A } from '@solidjs/router';
import { type JSX, Show } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import type { Watched } from '../live/watch.js';
import { NOTHING } from '../text/format.js';
import { text } from '../text/language.js';
import { Course } from './course.js';
import type { Track } from './course-line.js';
import { COURSE_MS } from './device.js';
import { Share, standingOf } from './parts.js';
import type { Detailed } from './report.js';
import { everyText, shareText, shortTimeText } from './words.js';

/** Smaller differences are noise, and do not fill the height of a course: 2 % of the channel's time, half a millisecond. */
const LEAST_SHARE = 0.02;
const LEAST_MS = 0.5;

interface Props {
  readonly device: string;
  readonly detailed: Detailed;
  readonly own: Watched;
  readonly isFresh: boolean;
  readonly responses: Track;
  /** Of all devices of the channel; null where nobody knows. */
  readonly channelShare: number | null;
}

export function Facts(props: Props): JSX.Element {
  const { history, now } = useGateway();
  const words = () => text().devices.facts;
  const point = (name: string) => props.own.point(`$devices/${props.device}/${name}`);
  const standing = () => standingOf(point('state'));
  const number = (name: string) => {
    const { value, quality } = point(name) ?? {};
    return typeof value === 'number' && quality === 'good' ? value : null;
  };
  const stream = () => (standing().isLive ? 'none' : 'lost');
  const asked = () => (props.isFresh ? 'none' : 'lost');
  const answers = () => standing().state === 'online' || standing().state === 'degraded' || !standing().isLive;
  const isScanned = () => props.detailed.scan_ms !== null;
  const every = () => {
    if (isScanned()) return everyText(number('scan_ms') ?? props.detailed.scan_ms);
    return standing().state === 'disabled' ? NOTHING : words().notRead;
  };
  const shareTrack = () => {
    point('utilisation');
    const track = history.track(`$devices/${props.device}/utilisation`);
    return track ? { times: track.times, values: track.values } : undefined;
  };
  return (
    <section class="panel section facts" aria-label={words().label}>
      <dl>
        <div class="fact">
          <dt>{words().response}</dt>
          <dd data-look={asked()}>
            <span class="big number">{answers() ? shortTimeText(props.detailed.response_ms) : NOTHING}</span>
            <Show when={props.detailed.response_ms !== null}>
              <Course track={props.responses} least={LEAST_MS} now={now()} spanMs={COURSE_MS} isLive={props.isFresh && answers()} format={shortTimeText} />
            </Show>
          </dd>
        </div>
        <div class="fact">
          <dt>{words().share}</dt>
          <dd data-look={stream()}>
            <span class="big"><Share share={answers() ? number('utilisation') : null} isLive={standing().isLive} /></span>
            <Course track={shareTrack()} least={LEAST_SHARE} now={now()} spanMs={COURSE_MS} isLive={standing().isLive && answers()} format={shareText} />
            <Show when={props.channelShare !== null}><p class="muted">{text().devices.shareOfChannel(shareText(props.channelShare))}</p></Show>
          </dd>
        </div>
        <div class="fact">
          <dt>{words().every}</dt>
          <dd data-look={stream()}>
            <span class="big number">{every()}</span>
            <Show when={isScanned()}>
              <Show when={props.detailed.configured_scan_ms} fallback={<p class="muted">{text().devices.asConfigured}</p>}>
                {(ms) => <p class="warning" data-look="uncertain">▲ {text().devices.slower(everyText(ms()))}</p>}
              </Show>
            </Show>
          </dd>
        </div>
        <div class="fact">
          <dt>{words().address}</dt>
          <dd class="where">{props.detailed.address}</dd>
          <dt>{words().channel}</dt>
          <dd><span><A href={`/devices?find=${encodeURIComponent(props.detailed.channel)}`}>{props.detailed.channel}</A>, {props.detailed.driver}</span></dd>
        </div>
      </dl>
    </section>
  );
}
