// The world outside as it is.

import { call } from './call.js';
import type { Io } from './engine.js';
import { openStream } from './stream.js';

/** Clocks, timers and `fetch`. */
export function realIo(): Io {
  return {
    now: () => performance.now(),
    wall: () => Date.now(),
    random: () => Math.random(),
    after(ms, then) {
      const timer = setTimeout(then, ms);
      return () => clearTimeout(timer);
    },
    open: openStream,
    call,
  };
}
