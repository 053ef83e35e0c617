// All points: what was asked for, each with its value as it is now, and whatever is known of one of them.

import { type JSX, Show, createEffect, createSignal, on, onCleanup, onMount } from 'solid-js';
import { text } from '../text/language.js';
import { Details } from './details.js';
import { Empty, emptyOf } from './empty.js';
import { Filters } from './filters.js';
import { Grid } from './grid.js';
import { Lamps } from './lamps.js';
import { Marked, createMarks } from './marks.js';
import { ViewProvider, createView } from './view.js';
import './points.css';
import './rows.css';
import './details.css';

export default function PointsPage(): JSX.Element {
  const view = createView();
  const marks = createMarks();
  const empty = emptyOf(view);
  const [grid, setGrid] = createSignal<HTMLElement>();
  const [active, setActive] = createSignal<string | null>(view.asked().open);
  const openDetails = (id: string) => view.go({ open: id }, view.asked().open === null ? undefined : 'refined');
  const closeDetails = () => {
    view.closeDetails();
    grid()?.focus({ preventScroll: true });
  };
  createEffect(on(() => view.asked().open, (open) => open !== null && setActive(open)));
  onMount(() => {
    const seek = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof Element && event.target.closest('input, textarea, select, dialog') !== null;
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
      event.preventDefault();
      document.getElementById('words')?.focus();
    };
    addEventListener('keydown', seek);
    onCleanup(() => removeEventListener('keydown', seek));
  });
  return (
    <ViewProvider value={view}>
      <div class="page points">
        <h1 class="unseen">{text().nav.points}</h1>
        <Show when={view.isPartial() && view.watched.ids().length > 0}><p class="partial" role="status">{text().points.partial}</p></Show>
        <Lamps />
        <Filters />
        <div class="desk" data-split={view.asked().open !== null}>
          <div class="table">
            <Grid ref={setGrid} active={active()} onActive={setActive} marks={marks} onOpen={openDetails}
              onEscape={() => view.asked().open !== null && closeDetails()} />
            <Show when={empty()}>{(why) => <Empty why={why()} />}</Show>
          </div>
          <Show when={view.asked().open}>{(id) => <Details id={id()} marks={marks} onClose={closeDetails} />}</Show>
        </div>
        <Marked marks={marks} />
      </div>
    </ViewProvider>
  );
}
