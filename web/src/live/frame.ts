// When things are drawn: what changed is gathered, and drawn in one go per animation frame, however many events came.

import { batch } from 'solid-js';

const waiting = new Set<() => void>();
let asked = false;

/** Calls `draw` once in the next animation frame, with all others that wait. A hidden page draws when it is seen again. */
export function inNextFrame(draw: () => void): void {
  waiting.add(draw);
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const all = [...waiting];
    waiting.clear();
    batch(() => {
      for (const one of all) one();
    });
  });
}
