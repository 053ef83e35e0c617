// The trend of a point's last minutes, as far as this page has seen it.

import { type JSX, Show, createMemo } from 'solid-js';
import type { PointInfo } from 'pointcast';
import { useGateway } from '../live/gateway.js';
import type { Look } from '../shell/quality.js';
import { spanText, valueText } from '../text/format.js';
import { text } from '../text/language.js';
import { leastOf, spark } from './spark.js';

const MINUTE_MS = 60_000;
/** The shortest of these spans that holds all that is known, else the last. */
const SPANS_MS = [1, 5, 15].map((minutes) => minutes * MINUTE_MS);
const BOX = { width: 320, height: 90 };

export function Recent(props: { id: string; info: PointInfo | undefined; look: Look }): JSX.Element {
  const { history, now } = useGateway();
  const line = createMemo(() => {
    const to = now();
    const track = history.track(props.id);
    const knownMs = to - (track?.times[0] ?? to);
    const spanMs = SPANS_MS.find((one) => one >= knownMs) ?? Math.max(...SPANS_MS);
    const drawn = spark(track, { ...BOX, from: to - spanMs, to, least: leastOf(props.info) });
    return drawn && { ...drawn, spanMs };
  });
  return (
    <Show when={line()} fallback={<p class="no-trend">{text().points.details.noTrend}</p>}>
      {(drawn) => (
        <figure class="recent" data-look={props.look}>
          <svg class="spark" viewBox={`0 0 ${BOX.width} ${BOX.height}`} preserveAspectRatio="none" aria-hidden="true"><path d={drawn().path} /></svg>
          <figcaption>
            <span>{text().points.details.trend(spanText(drawn().spanMs))}</span>
            <span class="number">{text().points.details.between(valueText(drawn().low, props.info).text, valueText(drawn().high, props.info).text)}</span>
          </figcaption>
        </figure>
      )}
    </Show>
  );
}
