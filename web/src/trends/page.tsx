// Trends: points side by side over the last hour, live, with what is needed to look closer.
//
// What holds: what is chosen is watched from then on, also on other pages; a stretch of which nothing is known says so.

import { type JSX, Show, createMemo, createSignal, onCleanup } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { momentText } from '../text/format.js';
import { text } from '../text/language.js';
import { Charts } from './chart.js';
import { createChoice } from './choice.js';
import { Chooser } from './chooser.js';
import { csvName, csvOf } from './csv.js';
import { isKnownWithin } from './decimate.js';
import { Empty } from './empty.js';
import { type Stage, listen } from './gestures.js';
import { createTick } from './tick.js';
import { Moment, Toolbar } from './toolbar.js';
import { spanOf } from './view.js';
import './trends.css';

export default function TrendsPage(): JSX.Element {
  const gateway = useGateway();
  const choice = createChoice();
  const { view, setView, toLive } = choice;
  const [cross, setCross] = createSignal<number | null>(null);
  const [marked, setMarked] = createSignal<readonly [number, number] | null>(null);
  const stage: Stage = { view, now: () => gateway.time.now(), cross, setView, setCross, setMarked, toLive };
  const tick = createTick(stage.now, view, () => true);
  const save = () => {
    const { from, to } = spanOf(view(), stage.now());
    // A clock that was set back leaves a view of what is to come.
    const until = Math.min(to, stage.now());
    const columns = choice.ids().map((id) => ({ id, info: gateway.catalog.info(id), track: gateway.history.track(id) }));
    download(csvName(until), [...csvOf(columns, from, until)]);
  };
  const unknown = createMemo(() => {
    const { end } = view();
    if (end === null || choice.ids().length === 0 || !gateway.isRestored()) return '';
    const { from, to } = spanOf(view(), tick());
    if (choice.ids().some((id) => isKnownWithin(gateway.history.track(id), from, to, tick()))) return '';
    return text().trends.unknownThen(momentText(from), momentText(to));
  });
  return (
    <div class="page trends">
      <header class="head">
        <h1>{text().nav.trends}</h1>
        <Chooser chosen={choice.ids()} onAdd={choice.add} />
        <Toolbar stage={stage} isEmpty={choice.ids().length === 0} onSpan={choice.setSpan} onExport={save} />
      </header>
      <p class="said" role="status">{[choice.message(), unknown()].filter(Boolean).join(' ')}</p>
      <Show when={choice.ids().length > 0} fallback={<Empty onAdd={choice.add} />}>
        <div class="panel stage">
          <Moment stage={stage} tick={tick()} />
          <div class="plane" tabindex="0" role="group" aria-label={text().trends.charts} aria-describedby="trends-keys"
            ref={(box) => onCleanup(listen(box, stage))}>
            <Charts ids={choice.ids()} view={view()} cross={cross()} marked={marked()} onRemove={choice.remove} />
          </div>
        </div>
        <p class="keys" id="trends-keys">{text().trends.keys}</p>
      </Show>
    </div>
  );
}

/** So long a browser may take to begin with a file. */
const BEGUN_MS = 60_000;

function download(name: string, parts: string[]): void {
  const url = URL.createObjectURL(new Blob(parts, { type: 'text/csv;charset=utf-8' }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), BEGUN_MS);
}
