// When a chart that follows is drawn anew: as often as it moves by a pixel, at most ten times a second, and only while it
// is seen.

import { type Accessor, createEffect, createMemo, createSignal, onCleanup } from 'solid-js';
import { inNextFrame } from '../live/frame.js';
import type { View } from './view.js';

const SHORTEST_MS = 100;
const LONGEST_MS = 1_000;
/** About as many pixels is a chart wide. */
const PIXELS = 1_000;

/** The time of `read`, anew as often as a chart of this view needs it. `isSeen`: whether anybody can see it. */
export function createTick(read: () => number, view: Accessor<View>, isSeen: Accessor<boolean>): Accessor<number> {
  const [time, setTime] = createSignal(read());
  let ended = false;
  const draw = () => {
    if (!ended) setTime(read());
  };
  const everyMs = createMemo(() => {
    const { spanMs, end } = view();
    return end === null ? Math.min(LONGEST_MS, Math.max(SHORTEST_MS, spanMs / PIXELS)) : LONGEST_MS;
  });
  createEffect(() => {
    if (!isSeen()) return;
    inNextFrame(draw);
    const timer = setInterval(() => inNextFrame(draw), everyMs());
    onCleanup(() => clearInterval(timer));
  });
  onCleanup(() => (ended = true));
  return time;
}

/** Whether an element can be seen: it is on the screen. A hidden page draws no frames anyway. */
export function createSeen(element: () => HTMLElement | undefined): Accessor<boolean> {
  const [isSeen, setSeen] = createSignal(true);
  createEffect(() => {
    const one = element();
    if (!one) return;
    const observer = new IntersectionObserver((entries) => setSeen(entries.some(({ isIntersecting }) => isIntersecting)));
    observer.observe(one);
    onCleanup(() => observer.disconnect());
  });
  return isSeen;
}
