// The trend of a point's last minutes, as far as this page has seen it.

import { type JSX, Show, createMemo } from 'solid-js';
import type { PointInfo } from 'pointcast';
import { useGateway } from '../live/gateway.js';
import type { Look } from '../shell/quality.js';
import { spanText, valueText } from '../text/format.js';
import { text } from '../text/language.js';
import { sparkLeast } from './rows.js';
import { spark } from './spark.js';

const RECENT_MS = 15 * 60_000;
const BOX = { width: 320, height: 90 };

export function Recent(props: { id: string; info: PointInfo | undefined; look: Look }): JSX.Element {
  const { history, now } = useGateway();
  const line = createMemo(() => {
    const to = now();
    return spark(history.track(props.id), { ...BOX, from: to - RECENT_MS, to, least: sparkLeast(props.info) });
  });
  return (
    <Show when={line()} fallback={<p class="no-trend">{text().points.details.noTrend}</p>}>
      {(drawn) => (
        <figure class="recent" data-look={props.look}>
          <svg class="spark" viewBox={`0 0 ${BOX.width} ${BOX.height}`} preserveAspectRatio="none" aria-hidden="true"><path d={drawn().path} /></svg>
          <figcaption>
            <span>{text().points.details.trend(spanText(RECENT_MS))}</span>
            <span class="number">{text().points.details.between(valueText(drawn().low, props.info).text, valueText(drawn().high, props.info).text)}</span>
          </figcaption>
        </figure>
      )}
    </Show>
  );
}
