// Pointers, wheel and keys over the charts: what they do to the view, the crosshair and what is marked.
//
// What holds: whatever is done by dragging can be done by keys and by buttons too; one finger scrolls the page as ever.

import { type View, between, panned, pinched, spanOf, zoomed } from './view.js';
import { placeIn } from './chart.js';

/** What is acted on. */
export interface Stage {
  view(): View;
  /** The gateway's time. */
  now(): number;
  cross(): number | null;
  setView(view: View): void;
  setCross(place: number | null): void;
  setMarked(places: readonly [number, number] | null): void;
  toLive(): void;
}

/** A pointer that moved less than this has pressed, not dragged: a part of the span. */
const LEAST_DRAG = 0.006;
const WHEEL_FACTOR = 1.0018;
const LINE_PX = 16;
/** How much one press of a key or a button does. */
export const ZOOM_STEP = 1.6;
export const PAN_STEP = 0.2;
const CROSS_STEP = 0.01;

/** Where a zoom keeps still: the crosshair; else now while following, else the middle. */
export function anchorOf({ end }: View, cross: number | null): number {
  return cross ?? (end === null ? 1 : 0.5);
}

/** Does what a key means; false where it means nothing. */
export function pressKey(stage: Stage, key: string, isShift: boolean): boolean {
  const [view, now, cross] = [stage.view(), stage.now(), stage.cross()];
  const arrow = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : 0;
  if (arrow !== 0 && isShift) stage.setCross(Math.min(1, Math.max(0, (cross ?? (arrow < 0 ? 1 : 0)) + arrow * CROSS_STEP)));
  else if (arrow !== 0) stage.setView(panned(view, arrow * PAN_STEP, now));
  else if (key === '+' || key === '=') stage.setView(zoomed(view, 1 / ZOOM_STEP, anchorOf(view, cross), now));
  else if (key === '-' || key === '_') stage.setView(zoomed(view, ZOOM_STEP, anchorOf(view, cross), now));
  else if (key === 'End' || key === '0') stage.toLive();
  else if (key === 'Escape' && cross !== null) stage.setCross(null);
  else return false;
  return true;
}

/** Listens on `box`. Returns what ends that. */
export function listen(box: HTMLElement, stage: Stage): () => void {
  const drags = new Drags(box, stage);
  const wheel = (event: WheelEvent) => {
    const place = placeIn(box, event.clientX);
    if (place === null || !isOnPlane(event)) return;
    const before = stage.view();
    const px = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const width = drags.width();
    const after = isSideways ? panned(before, (event.deltaX * px) / width, stage.now())
      : zoomed(before, WHEEL_FACTOR ** (event.deltaY * px), place, stage.now());
    // Where there is no further to go the page scrolls as ever.
    if (after.spanMs === before.spanMs && after.end === before.end) return;
    event.preventDefault();
    stage.setView(after);
  };
  const key = (event: KeyboardEvent) => {
    if (event.target !== box || event.ctrlKey || event.metaKey || event.altKey) return;
    if (pressKey(stage, event.key, event.shiftKey)) event.preventDefault();
  };
  const ending = new AbortController();
  const { signal } = ending;
  box.addEventListener('wheel', wheel, { passive: false, signal });
  box.addEventListener('keydown', key, { signal });
  box.addEventListener('pointerdown', (event) => drags.down(event), { signal });
  box.addEventListener('pointermove', (event) => drags.move(event), { signal });
  box.addEventListener('pointerup', (event) => drags.up(event, true), { signal });
  box.addEventListener('pointercancel', (event) => drags.up(event, false), { signal });
  box.addEventListener('pointerleave', (event) => drags.leave(event), { signal });
  // A finger leaves its crosshair where it was lifted, until it touches something else.
  document.addEventListener('pointerdown', (event) => {
    if (event.pointerType === 'touch' && !isOnPlane(event)) stage.setCross(null);
  }, { signal });
  box.addEventListener('dblclick', (event) => isOnPlane(event) && stage.toLive(), { signal });
  return () => ending.abort();
}

function isOnPlane({ target }: Event): boolean {
  return target instanceof Element && target.closest('.u-over') !== null;
}

/** Pointers that are down. */
class Drags {
  readonly #box: HTMLElement;
  readonly #stage: Stage;
  readonly #fingers = new Map<number, number>();
  #drag: { begin: number; view: View; isPan: boolean; isMoved: boolean } | null = null;
  #pinch: { places: readonly [number, number]; view: View } | null = null;

  constructor(box: HTMLElement, stage: Stage) {
    this.#box = box;
    this.#stage = stage;
  }

  width(): number {
    return this.#plane()?.width || 1;
  }

  down(event: PointerEvent): void {
    if (!isOnPlane(event) || event.button !== 0) return;
    const place = this.#place(event);
    if (event.pointerType === 'touch') {
      this.#fingers.set(event.pointerId, place);
      this.#beginPinch();
      if (this.#fingers.size === 1) this.#stage.setCross(place);
      return;
    }
    this.#drag = { begin: place, view: this.#still(), isPan: event.shiftKey, isMoved: false };
  }

  move(event: PointerEvent): void {
    const place = this.#place(event);
    if (this.#fingers.has(event.pointerId)) {
      this.#fingers.set(event.pointerId, place);
      if (this.#pinch) this.#stage.setView(pinched(this.#pinch.view, this.#pinch.places, this.#both(), this.#stage.now()));
      else this.#stage.setCross(placeIn(this.#box, event.clientX));
      return;
    }
    if (!this.#drag) {
      if (event.pointerType !== 'touch') this.#stage.setCross(isOnPlane(event) ? placeIn(this.#box, event.clientX) : null);
      return;
    }
    if (!this.#drag.isMoved && Math.abs(place - this.#drag.begin) < LEAST_DRAG) return;
    // Only now: a pointer that is held on to presses on nothing below.
    if (!this.#drag.isMoved) this.#box.setPointerCapture(event.pointerId);
    this.#drag.isMoved = true;
    if (this.#drag.isPan) this.#stage.setView(panned(this.#drag.view, this.#drag.begin - place, this.#stage.now()));
    else this.#stage.setMarked([this.#drag.begin, Math.min(1, Math.max(0, place))]);
  }

  up(event: PointerEvent, isDone: boolean): void {
    if (this.#fingers.delete(event.pointerId)) {
      this.#pinch = null;
      this.#beginPinch();
      // The finger scrolls the page: it was not meant for the crosshair.
      if (!isDone) this.#stage.setCross(null);
      return;
    }
    const drag = this.#drag;
    this.#drag = null;
    this.#stage.setMarked(null);
    if (!drag || !drag.isMoved || drag.isPan || !isDone) return;
    const places = [drag.begin, Math.min(1, Math.max(0, this.#place(event)))].sort((one, other) => one - other);
    const [begin = 0, end = 0] = places;
    if (end - begin < LEAST_DRAG) return;
    const { from, to } = spanOf(drag.view, this.#stage.now());
    this.#stage.setView(between(from + (to - from) * begin, from + (to - from) * end, this.#stage.now()));
  }

  leave(event: PointerEvent): void {
    if (event.pointerType !== 'touch' && !this.#drag) this.#stage.setCross(null);
  }

  /** The view as it is now: one that follows would move away under the pointer. */
  #still(): View {
    const { spanMs, end } = this.#stage.view();
    return { spanMs, end: end ?? this.#stage.now() };
  }

  #beginPinch(): void {
    if (this.#fingers.size !== 2) return;
    this.#stage.setCross(null);
    this.#pinch = { places: this.#both(), view: this.#still() };
  }

  #both(): readonly [number, number] {
    const [one = 0, other = 1] = this.#fingers.values();
    return [one, other];
  }

  #plane(): DOMRect | undefined {
    return this.#box.querySelector('.u-over')?.getBoundingClientRect();
  }

  /** Where a pointer is, beyond the charts too. */
  #place({ clientX }: PointerEvent): number {
    const plane = this.#plane();
    return plane && plane.width > 0 ? (clientX - plane.left) / plane.width : 0;
  }
}
