// What a page loads when the stream is in the page itself: the engine, alone or elected among tabs.

import { type Ask, Engine, type Said, type Setting } from './engine.js';
import { realIo } from './real.js';
import { Relay } from './relay.js';

/** What a reader asks of, wherever its engine is. */
export interface Inlet {
  ask(ask: Ask): void;
  close(): void;
}

/** An engine for this page alone. */
export function alone(setting: Setting, say: (said: Said) => void): Inlet {
  const engine = new Engine(setting, realIo());
  engine.lead();
  return {
    ask: (ask) => engine.hear('page', ask, say),
    close() {
      engine.hear('page', { ask: 'bye' });
      engine.resign();
    },
  };
}

/** An engine that shares one stream with those of other tabs. */
export function elected(name: string, setting: Setting, say: (said: Said) => void, steal: boolean): Inlet {
  return new Relay(name, setting, realIo(), say, steal);
}
