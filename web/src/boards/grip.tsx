// What lies over a tile while a board is arranged: it takes the pointer and the keyboard, and drags or resizes.
//
// What holds: a press without a movement chooses the tile; a finger drags only the chosen tile, so that it can scroll over
// the others; Escape, or a pointer that is lost, puts everything back.

import { type Accessor, type JSX, onCleanup } from 'solid-js';
import { text } from '../text/language.js';
import { dragged } from './arrange.js';
import type { Tile } from './document.js';
import type { Box, Direction } from './layout.js';
import { type Cells, type Rect, rectOf } from './measure.js';
import { nameOf } from './tiles/tile.js';

/** A movement of so many pixels is no press any more. */
const SLACK_PX = 4;
/** So near to the edge of the window, it scrolls while something is dragged. */
const EDGE_PX = 48;
const SCROLL_PX = 12;

/** A tile in somebody's hand. */
export interface Held {
  readonly key: number;
  readonly rect: Rect;
  readonly box: Box;
}

export interface GripProps {
  tile: Accessor<Tile>;
  cells: Accessor<Cells>;
  isChosen: boolean;
  help: string;
  onHold: (held: Held | null) => void;
  onPut: (key: number, box: Box) => void;
  onStep: (key: number, direction: Direction) => void;
  onResize: (key: number, wide: number, high: number) => void;
  onRemove: (key: number) => void;
  onChoose: (key: number, byKeyboard: boolean) => void;
}

const ARROWS: Record<string, Direction> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' };

export function Grip(props: GripProps): JSX.Element {
  const { begin, wasDragged } = useDrag(props);
  const label = () => {
    const { box, what } = props.tile();
    return text().boards.edit.tileOf(nameOf(props.tile()), text().boards.kind[what.kind], box.x + 1, box.y + 1, box.w, box.h);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { key } = props.tile();
    const direction = ARROWS[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (direction && event.shiftKey) {
      props.onResize(key, Number(direction === 'right') - Number(direction === 'left'), Number(direction === 'down') - Number(direction === 'up'));
    } else if (direction) props.onStep(key, direction);
    else if (event.key === 'Delete' || event.key === 'Backspace') props.onRemove(key);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <button type="button" class="grip" data-key={props.tile().key} aria-label={label()} aria-describedby={props.help} aria-pressed={props.isChosen}
        onPointerDown={(event) => begin(event, false)} onKeyDown={onKeyDown}
        onClick={(event) => { if (!wasDragged()) props.onChoose(props.tile().key, event.detail === 0); }} />
      <span class="handle" aria-hidden="true" onPointerDown={(event) => begin(event, true)} />
    </>
  );
}

/** Follows the pointer from where it went down. */
function useDrag(props: GripProps): { begin: (event: PointerEvent, isResized: boolean) => void; wasDragged: () => boolean } {
  let end: (() => void) | null = null;
  let moved = false;
  onCleanup(() => end?.());

  const begin = (down: PointerEvent & { currentTarget?: EventTarget | null }, isResized: boolean) => {
    moved = false;
    if (down.button !== 0 || end || (down.pointerType === 'touch' && !isResized && !props.isChosen)) return;
    const { key, box } = props.tile();
    const cells = props.cells();
    const rect = rectOf(box, cells);
    const from = { x: down.clientX + scrollX, y: down.clientY + scrollY };
    let wanted = box;
    const listening = new AbortController();
    const follow = (event: PointerEvent) => {
      const [right, below] = [event.clientX + scrollX - from.x, event.clientY + scrollY - from.y];
      if (!moved && Math.hypot(right, below) < SLACK_PX) return;
      moved = true;
      scrollAtEdge(event.clientY);
      wanted = dragged(box, { right: right / (cells.columnPx + cells.gapPx), down: below / (cells.rowPx + cells.gapPx) }, isResized);
      props.onHold({ key, box: wanted, rect: isResized
        ? { ...rect, width: Math.max(cells.columnPx, rect.width + right), height: Math.max(cells.rowPx, rect.height + below) }
        : { ...rect, left: rect.left + right, top: rect.top + below } });
    };
    const stop = (isPut: boolean) => {
      listening.abort();
      end = null;
      props.onHold(null);
      if (isPut && moved) props.onPut(key, wanted);
    };
    end = () => stop(false);
    const { signal } = listening;
    const isSame = (event: PointerEvent) => event.pointerId === down.pointerId;
    addEventListener('pointermove', (event) => { if (isSame(event)) follow(event); }, { signal });
    addEventListener('pointerup', (event) => { if (isSame(event)) stop(true); }, { signal });
    addEventListener('pointercancel', (event) => { if (isSame(event)) stop(false); }, { signal });
    addEventListener('keydown', (event) => { if (event.key === 'Escape') stop(false); }, { signal, capture: true });
  };
  return { begin, wasDragged: () => moved };
}

function scrollAtEdge(y: number): void {
  if (y > innerHeight - EDGE_PX) scrollBy(0, SCROLL_PX);
  else if (y < EDGE_PX) scrollBy(0, -SCROLL_PX);
}
