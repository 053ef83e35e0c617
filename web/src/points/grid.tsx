// The table as a tree: only the rows in sight are in the page, however many there are. The keyboard moves one active row;
// the focus stays on the table (`aria-activedescendant`).

import { For, type JSX, Match, Switch, createEffect, createMemo, createSignal, onCleanup, onMount, untrack } from 'solid-js';
import { inNextFrame } from '../live/frame.js';
import { text } from '../text/language.js';
import { isClosed } from './folds.js';
import type { Marks } from './marks.js';
import { move } from './moves.js';
import { BranchRow, LeafRow } from './rows.js';
import type { Branch, Leaf } from './tree.js';
import { toggle, useView } from './view.js';
import { visible } from './window.js';

const COLUMNS = ['name', 'value', 'unit', 'trend', 'quality', 'reason', 'age'] as const;

interface GridProps {
  ref: (grid: HTMLElement) => void;
  /** The row that the keyboard is at, by its key. */
  active: string | null;
  onActive: (key: string) => void;
  marks: Marks;
  onOpen: (id: string) => void;
  onEscape: () => void;
}

export function Grid(props: GridProps): JSX.Element {
  const view = useView();
  let grid!: HTMLDivElement;
  let head!: HTMLDivElement;
  let body!: HTMLDivElement;
  const window = createWindow(() => grid, () => body);
  const rows = () => view.listing().rows;
  const closed = (path: string) => isClosed(view.folds(), path);
  const shown = createMemo(() => {
    const { first, end } = window();
    return rows().slice(first, end).map(({ key }) => key);
  });
  const place = () => view.listing().places.get(props.active ?? '') ?? -1;

  const { onKeyDown, reveal } = createKeys(props, { head: () => head, body: () => body, rowPx: () => window().rowPx, place });
  const onClick = (event: MouseEvent) => {
    const key = event.target instanceof Element ? event.target.closest<HTMLElement>('[role=row]')?.dataset['key'] : undefined;
    const row = key === undefined ? undefined : rows()[view.listing().places.get(key) ?? -1];
    if (!row || getSelection()?.type === 'Range') return;
    props.onActive(row.key);
    if (row.kind === 'branch') toggle(view, row.path);
    else props.onOpen(row.key);
  };
  // Whoever comes by a link to a point sees its row.
  const linked = view.asked().open;
  createEffect<boolean>((isSeen) => {
    if (isSeen || linked === null) return isSeen;
    const at = view.listing().places.get(linked) ?? -1;
    if (at >= 0) untrack(() => reveal(at));
    return at >= 0;
  }, false);

  return (
    <div class="grid panel" ref={(element) => ((grid = element), props.ref(element))} role="treegrid" tabindex="0" aria-label={text().nav.points}
      aria-rowcount={rows().length + 1} aria-multiselectable="true" aria-activedescendant={shown().includes(props.active ?? '') ? rowId(place()) : undefined}
      hidden={rows().length === 0} onKeyDown={onKeyDown}>
      <div role="rowgroup" class="head-group" ref={head}>
        <div class="head" role="row" aria-rowindex="1">
          <For each={COLUMNS}>
            {(column) => <span role="columnheader" class={column} title={column === 'age' ? text().points.ageTitle : undefined}>{text().points.columns[column]}</span>}
          </For>
        </div>
      </div>
      <div role="rowgroup" class="rows" ref={body} onClick={onClick} style={{ height: `${rows().length * window().rowPx}px` }}>
        <For each={shown()}>
          {(key) => {
            const at = createMemo(() => view.listing().places.get(key) ?? 0);
            const row = createMemo(() => rows()[at()]);
            const placed = {
              id: () => rowId(at()),
              index: () => at() + 2,
              top: () => at() * window().rowPx,
              isActive: () => props.active === key,
            };
            return (
              <Switch>
                <Match when={row()?.kind === 'branch' && row()?.key === key && (row() as Branch)}>
                  {(branch) => <BranchRow branch={branch()} placed={placed} isOpen={!closed(branch().path)} columns={COLUMNS.length} />}
                </Match>
                <Match when={row()?.kind === 'leaf' && row()?.key === key && (row() as Leaf)}>
                  {(leaf) => <LeafRow leaf={leaf()} placed={placed} isMarked={props.marks.all().has(key)} />}
                </Match>
              </Switch>
            );
          }}
        </For>
      </div>
    </div>
  );
}

interface Places {
  head(): HTMLElement;
  body(): HTMLElement;
  rowPx(): number;
  /** The row that the keyboard is at; -1 for none. */
  place(): number;
}

/** What keys do, and what brings a row into sight by as little as needed. */
function createKeys(props: GridProps, { head, body, rowPx, place }: Places) {
  const view = useView();
  const edge = () => head().getBoundingClientRect().bottom;
  const reveal = (at: number) => {
    const top = body().getBoundingClientRect().top + at * rowPx();
    if (top < edge()) scrollBy(0, top - edge());
    else if (top + rowPx() > innerHeight) scrollBy(0, top + rowPx() - innerHeight);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Escape') return props.onEscape();
    const { rows } = view.listing();
    const page = Math.max(1, Math.floor((innerHeight - edge()) / rowPx()) - 1);
    const meant = move(event.key, rows, place(), page, (path) => isClosed(view.folds(), path));
    if (!meant) return;
    event.preventDefault();
    if ('to' in meant) {
      props.onActive(rows[meant.to]?.key ?? '');
      reveal(meant.to);
    } else if ('fold' in meant) toggle(view, meant.fold);
    else if ('mark' in meant) props.marks.toggle(meant.mark);
    else props.onOpen(meant.open);
  };
  return { onKeyDown, reveal };
}

function rowId(at: number): string {
  return `row-${at}`;
}

/** Which rows are in sight, and how tall one is. */
function createWindow(grid: () => HTMLElement, body: () => HTMLElement) {
  const view = useView();
  const [sight, setSight] = createSignal({ top: 0, height: innerHeight, rowPx: 36 });
  const look = () => setSight((before) => ({ ...before, top: -body().getBoundingClientRect().top, height: innerHeight }));
  const later = () => inNextFrame(look);
  const measure = () => {
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const rowPx = Math.round(Number.parseFloat(getComputedStyle(grid()).getPropertyValue('--row')) * rem) || 36;
    setSight((before) => ({ ...before, rowPx }));
    later();
  };
  onMount(() => {
    measure();
    addEventListener('scroll', later, { passive: true });
    addEventListener('resize', later);
    // What stands above the table may have grown, and a narrower table has taller rows.
    const observer = new ResizeObserver(measure);
    for (const element of [document.body, grid()]) observer.observe(element);
    onCleanup(() => {
      removeEventListener('scroll', later);
      removeEventListener('resize', later);
      observer.disconnect();
    });
  });
  return createMemo(() => {
    const { top, height, rowPx } = sight();
    return { ...visible(top, height, rowPx, view.listing().rows.length), rowPx };
  }, undefined, { equals: (one, other) => one.first === other.first && one.end === other.end && one.rowPx === other.rowPx });
}
