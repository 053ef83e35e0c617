// The points of a device: how many are good, and those that are not.

import { A } from '@solidjs/router';
import { For, type JSX, Show, createMemo } from 'solid-js';
import type { Point } from 'pointcast';
import { createWatch } from '../live/watch.js';
import { type Look, Quality, lookOf } from '../shell/quality.js';
import { numberText, reasonText } from '../text/format.js';
import { text } from '../text/language.js';
import type { Detailed } from './report.js';

/** Points that are followed here; the page of points has all of them. */
const MOST_FOLLOWED = 2_000;
/** As many of one trouble are named here. */
const MOST_NAMED = 12;

/** Points that are not good for the same reason. */
interface Ill {
  readonly key: string;
  readonly look: Look;
  readonly reason: string;
  readonly ids: readonly string[];
}

export function DevicePoints(props: { detailed: Detailed; isFresh: boolean }): JSX.Element {
  const ids = createMemo(() => props.detailed.plan.flatMap(({ points }) => points).slice(0, MOST_FOLLOWED).sort().join());
  const watched = createWatch(() => (ids() === '' ? [] : ids().split(',')));
  const ill = createMemo(() => {
    watched.changed();
    return illOf(watched.ids().flatMap((id) => watched.peek().get(id) ?? []));
  });
  const qualities = () => props.detailed.qualities;
  const counts = () => text().devices.points(numberText(qualities().good), numberText(qualities().uncertain), numberText(qualities().bad));
  const isAllGood = () => watched.ids().length > 0 && ill().length === 0;
  return (
    <section class="panel section" aria-labelledby="its-points">
      <div class="section-head">
        <h2 id="its-points">{text().devices.pointsTitle}</h2>
        <span class="number" data-look={props.isFresh ? 'none' : 'lost'}>{counts()} <Show when={!props.isFresh}><Quality look="lost" /></Show></span>
        <A class="button" href={`/?device=${encodeURIComponent(props.detailed.device)}`}>{text().devices.allPoints}</A>
      </div>
      <Show when={ill().length > 0}>
        <h3>{text().devices.notGood}</h3>
        <ul class="not-good">
          <For each={ill()}>
            {({ look, reason, ids: all }) => (
              <li>
                <Quality look={look} /> <strong>{reasonText(reason)}</strong> <span class="number muted">{text().devices.pointCount(all.length)}</span>
                {': '}
                <span class="ids">{all.slice(0, MOST_NAMED).join(', ')}</span>
                <Show when={all.length > MOST_NAMED}>{' '}<span class="muted">{text().devices.moreNotGood(numberText(all.length - MOST_NAMED))}</span></Show>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <Show when={isAllGood() && props.isFresh}><p class="muted">{text().devices.allGood}</p></Show>
    </section>
  );
}

/** Points that are not good, by how they look and why; the worst and the most first. */
export function illOf(points: readonly Point[]): readonly Ill[] {
  const all = new Map<string, { key: string; look: Look; reason: string; ids: string[] }>();
  for (const point of points) {
    if (point.quality === 'good') continue;
    const [look, reason] = [lookOf(point), point.reason ?? ''];
    const key = `${look} ${reason}`;
    const known = all.get(key);
    if (known) known.ids.push(point.id);
    else all.set(key, { key, look, reason, ids: [point.id] });
  }
  return [...all.values()].sort((one, other) => one.look.localeCompare(other.look) || other.ids.length - one.ids.length);
}
