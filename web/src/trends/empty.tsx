// A trend without points: what it is for, and a few points to begin with.

import { For, type JSX, Show, createMemo, onCleanup } from 'solid-js';
import type { PointInfo } from 'pointcast';
import { useGateway } from '../live/gateway.js';
import { Id } from '../shell/id.js';
import { text } from '../text/language.js';

const MOST_EXAMPLES = 4;

/** Points to begin with: numbers with a unit, of as many devices as may be. */
export function examplesOf(infos: Iterable<PointInfo>): string[] {
  const byDevice = new Map<string, string>();
  for (const { id, type, unit, device } of infos) {
    if (unit && type !== 'string' && type !== 'bool' && !id.startsWith('$') && !byDevice.has(device ?? id)) byDevice.set(device ?? id, id);
    if (byDevice.size === MOST_EXAMPLES) break;
  }
  return [...byDevice.values()];
}

export function Empty(props: { onAdd: (id: string) => void }): JSX.Element {
  const { catalog } = useGateway();
  onCleanup(catalog.want(['**']));
  const examples = createMemo(() => examplesOf(catalog.all().values()));
  return (
    <section class="empty">
      <h2>{text().trends.emptyTitle}</h2>
      <p>{text().trends.emptyText}</p>
      <Show when={examples().length > 0}>
        <p>{text().trends.emptyExamples}</p>
        <div class="examples">
          <For each={examples()}>{(id) => <button type="button" onClick={() => props.onAdd(id)}><Id id={id} /></button>}</For>
        </div>
      </Show>
    </section>
  );
}
