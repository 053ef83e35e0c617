// A board's tiles, each at its place. Where the page is narrow they follow each other in reading order.

import { type Accessor, For, type JSX, Show, createMemo, createSignal, onCleanup, onMount } from 'solid-js';
import type { Watched } from '../live/watch.js';
import type { Tile } from './document.js';
import { type Box, COLUMNS, reflow, rows } from './layout.js';
import { type Cells, type Fit, type Rect, type Room, cellsFor, columnsFor, rectOf } from './measure.js';
import { TileView } from './tiles/tile.js';
import './tiles/tiles.css';

/** What lies over each tile while a board is arranged. */
export type Cover = (tile: Accessor<Tile>, cells: Accessor<Cells>) => JSX.Element;

export interface CanvasProps {
  tiles: readonly Tile[];
  watched: Watched;
  fit: Fit;
  isStill?: boolean;
  cover?: Cover;
  /** The tile that is being dragged: where it is drawn, and where it would be put. */
  held?: { readonly key: number; readonly rect: Rect; readonly box: Box } | null;
}

/** How much stands under the page, as what is told of lost contact does: it is to hide no tile. */
function underPx(page: HTMLElement | null): number {
  const all = page?.parentElement?.getBoundingClientRect().bottom ?? 0;
  return page ? Math.max(0, all - page.getBoundingClientRect().bottom) : 0;
}

export function Canvas(props: CanvasProps): JSX.Element {
  let frame!: HTMLDivElement;
  const [size, setSize] = createSignal<Room>({ widthPx: 0, heightPx: 0, letterPx: 1 }, {
    equals: (one, other) => one.widthPx === other.widthPx && one.heightPx === other.heightPx && one.letterPx === other.letterPx,
  });
  onMount(() => {
    const page = frame.closest('main');
    const measure = () => {
      const top = frame.getBoundingClientRect().top + scrollY;
      const below = parseFloat(getComputedStyle(frame.parentElement ?? frame).paddingBottom) || 0;
      const letterPx = parseFloat(getComputedStyle(document.documentElement).fontSize);
      setSize({ widthPx: frame.clientWidth, heightPx: Math.floor(innerHeight - top - below - underPx(page)), letterPx });
    };
    measure();
    const observer = new ResizeObserver(measure);
    for (const one of [frame, page, page?.parentElement]) if (one) observer.observe(one);
    addEventListener('resize', measure);
    onCleanup(() => {
      observer.disconnect();
      removeEventListener('resize', measure);
    });
  });

  const columns = () => (props.fit === 'none' ? COLUMNS : columnsFor(size()));
  const flowed = createMemo(() => (columns() === COLUMNS ? props.tiles : reflow(props.tiles, columns())));
  const byKey = createMemo(() => new Map(flowed().map((tile) => [tile.key, tile])));
  const keys = createMemo(() => flowed().map(({ key }) => key));
  const used = createMemo(() => rows(flowed().map(({ box }) => box)));
  const cells = createMemo(() => cellsFor(size(), columns(), used(), props.fit));
  const heightPx = () => Math.max(0, used() * (cells().rowPx + cells().gapPx) - cells().gapPx);

  return (
    <div class="canvas" ref={frame} style={{ height: `${heightPx()}px`, '--row': `${cells().rowPx}px` }}>
      <Show when={size().widthPx > 0}>
        <Show when={props.held}>{(held) => <div class="ghost" style={placed(rectOf(held().box, cells()))} />}</Show>
        <For each={keys()}>
          {(key) => {
            const tile = createMemo<Tile>((before) => byKey().get(key) ?? before, byKey().get(key) as Tile);
            const isHeld = () => props.held?.key === key;
            const rect = () => (isHeld() && props.held ? props.held.rect : rectOf(tile().box, cells()));
            return (
              <div class="place" data-held={isHeld() ? '' : undefined} style={placed(rect())}>
                <TileView tile={tile()} watched={props.watched} isShort={tile().box.h === 1} isStill={props.isStill ?? false} />
                {props.cover?.(tile, cells)}
              </div>
            );
          }}
        </For>
      </Show>
    </div>
  );
}

function placed({ left, top, width, height }: Rect): JSX.CSSProperties {
  return { transform: `translate(${left}px, ${top}px)`, width: `${width}px`, height: `${height}px` };
}
