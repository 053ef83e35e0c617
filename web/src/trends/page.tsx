// Trends: points side by side over the last hour, live, with what is needed to look closer.
//
// What holds: the address says what is shown, and whoever comes without one finds what was shown last; what is chosen is
// watched from then on, also on other pages.

import { useLocation, useNavigate, useSearchParams } from '@solidjs/router';
import { type JSX, Show, createEffect, createMemo, createSignal, on, onCleanup, untrack } from 'solid-js';
import { MOST_LINES, idsOf } from '../live/chosen.js';
import { useGateway } from '../live/gateway.js';
import { numberText } from '../text/format.js';
import { text } from '../text/language.js';
import { PAGE, addressOf, askedOf } from './address.js';
import { Charts } from './chart.js';
import { Chooser } from './chooser.js';
import { csvName, csvOf } from './csv.js';
import { Empty } from './empty.js';
import { type Stage, listen } from './gestures.js';
import { createTick } from './tick.js';
import { Moment, Toolbar } from './toolbar.js';
import { type View, spanOf } from './view.js';
import './trends.css';

export default function TrendsPage(): JSX.Element {
  const gateway = useGateway();
  const choice = createChoice();
  const [view, setView] = createSignal<View>({ spanMs: untrack(choice.spanMs), end: null });
  const [cross, setCross] = createSignal<number | null>(null);
  const [marked, setMarked] = createSignal<readonly [number, number] | null>(null);
  const toLive = () => setView({ spanMs: choice.spanMs(), end: null });
  createEffect(on(choice.spanMs, toLive));
  const stage: Stage = { view, now: () => gateway.time.now(), cross, setView, setCross, setMarked, toLive };
  const tick = createTick(stage.now, view, () => true);
  const save = () => {
    const { from, to } = spanOf(view(), stage.now());
    const columns = choice.ids().map((id) => ({ id, info: gateway.catalog.info(id), track: gateway.history.track(id) }));
    download(csvName(to), [...csvOf(columns, from, Math.min(to, stage.now()))]);
  };
  const span = (spanMs: number) => {
    choice.setSpan(spanMs);
    setView({ spanMs, end: null });
  };
  return (
    <div class="page trends">
      <header class="head">
        <h1>{text().nav.trends}</h1>
        <Chooser chosen={choice.ids()} onAdd={(wanted) => void choice.add(wanted)} />
        <Toolbar stage={stage} isEmpty={choice.ids().length === 0} onSpan={span} onExport={save} />
      </header>
      <p class="said" role="status">{choice.message()}</p>
      <Show when={choice.ids().length > 0} fallback={<Empty onAdd={(wanted) => void choice.add(wanted)} />}>
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

/** What is chosen, as the address and the last visit have it. */
function createChoice() {
  const { client, chosen } = useGateway();
  const [params] = useSearchParams<{ points: string; span: string }>();
  const navigate = useNavigate();
  const location = useLocation();
  /** Whoever has gone on to another page is not brought back. */
  const isHere = () => untrack(() => location.pathname) === PAGE;
  const [message, setMessage] = createSignal('');
  const asked = createMemo(() => askedOf([params.points].flat()[0], [params.span].flat()[0]));
  /** Takes these, and says so in the address. */
  const choose = (ids: readonly string[], spanMs = chosen.spanMs()) => {
    chosen.choose(ids, spanMs);
    if (isHere()) navigate(addressOf(chosen.ids(), spanMs), { replace: true, scroll: false });
  };
  /** Takes what is asked for; patterns as what they mean now. `before`: what is shown besides, when that is known. */
  const take = async (before: () => readonly string[], wanted: readonly string[], spanMs?: number) => {
    setMessage('');
    const found: string[] = [];
    for (const one of wanted) {
      const ids = one.includes('*') ? await meant(one).catch(() => null) : [one];
      if (ids === null) return void setMessage(text().trends.notAsked);
      if (ids.length === 0) setMessage(text().trends.noMatch(one));
      found.push(...ids);
    }
    const all = [...new Set([...before(), ...found])];
    if (all.length > MOST_LINES) setMessage(text().trends.cut(numberText(MOST_LINES)));
    choose(all, spanMs);
  };
  const meant = async (pattern: string): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { id, type } of client.points(pattern)) {
      if (type !== 'string') ids.push(id);
      if (ids.length > MOST_LINES) break;
    }
    return ids;
  };
  createEffect(on(asked, ({ points, spanMs }) => {
    if (!isHere()) return;
    const span = spanMs ?? untrack(chosen.spanMs);
    if (points.length === 0) {
      if (untrack(chosen.ids).length > 0) choose(untrack(chosen.ids), span);
    } else if (points.join() === idsOf(points).join()) chosen.choose(points, span);
    else void take(() => [], points, span);
  }));
  return {
    ids: chosen.ids,
    spanMs: chosen.spanMs,
    message,
    setSpan: (spanMs: number) => choose(chosen.ids(), spanMs),
    add: (wanted: string) => take(chosen.ids, [wanted]),
    remove(id: string) {
      setMessage('');
      choose(chosen.ids().filter((one) => one !== id));
    },
  };
}

/** So long a browser may take to begin with a file. */
const BEGUN_MS = 60_000;

function download(name: string, parts: string[]): void {
  const url = URL.createObjectURL(new Blob(parts, { type: 'text/csv;charset=utf-8' }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), BEGUN_MS);
}
