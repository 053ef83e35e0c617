// Points marked to be seen together, and the way to their trends.

import { A } from '@solidjs/router';
import { type Accessor, type JSX, Show, createSignal } from 'solid-js';
import { MOST_LINES } from '../live/chosen.js';
import { numberText } from '../text/format.js';
import { text } from '../text/language.js';

/** Which points are marked, in the order in which they were. */
export interface Marks {
  readonly all: Accessor<ReadonlySet<string>>;
  toggle(id: string): void;
  clear(): void;
}

export function createMarks(): Marks {
  const [all, setAll] = createSignal<ReadonlySet<string>>(new Set());
  return {
    all,
    toggle(id) {
      const next = new Set(all());
      if (!next.delete(id) && next.size < MOST_LINES) next.add(id);
      setAll(next);
    },
    clear: () => setAll(new Set()),
  };
}

/** The address of the trends of some points. */
export function trendsOf(ids: Iterable<string>): string {
  return `/trends?points=${[...ids].map(encodeURIComponent).join()}`;
}

/** What is marked, at the page's lower edge. */
export function Marked(props: { marks: Marks }): JSX.Element {
  const count = () => props.marks.all().size;
  return (
    <Show when={count() > 0}>
      <section class="marked panel" aria-label={text().points.marked.label}>
        <p role="status">
          {text().points.marked.count(numberText(count()), count())}
          <Show when={count() === MOST_LINES}> {text().points.marked.full}</Show>
        </p>
        <A class="button" href={trendsOf(props.marks.all())}>{text().points.marked.open}</A>
        <button type="button" class="quiet" onClick={() => props.marks.clear()}>{text().points.marked.clear}</button>
      </section>
    </Show>
  );
}
