// Where the engine is that a page reads from: in a SharedWorker, in the tab that was elected, or in the page itself.

import type { Ask, Said, Setting } from './engine.js';
import type { Inlet } from './local.js';
import type { Options } from './types.js';

/** Tabs with another version of the client speak otherwise: they have a stream of their own. */
const VERSION = 1;

/** How a reader that has no engine stands. */
export const NOWHERE: Said = { phase: 'waiting', connection: 0, heartbeatMs: 0, lastContact: null, offsetMs: null, why: null };

/** What is loaded only when it is needed; asks wait for it, in order, and are never answered within the call. */
function later(inlet: Promise<Inlet>): Inlet {
  let closed = false;
  return {
    ask: (ask) => void inlet.then((there) => closed || there.ask(ask)),
    close() {
      closed = true;
      void inlet.then((there) => there.close());
    },
  };
}

/** A way to an engine; `say` is called with what it tells. `steal`: the one before fell silent. */
export function attach(setting: Setting, share: Options['share'], say: (said: Said) => void, steal: boolean): Inlet {
  const name = JSON.stringify({ pointcast: VERSION, setting });
  const alone = (): Inlet => later(import('./local.js').then((local) => local.alone(setting, say)));
  const elected = (): Inlet => later(import('./local.js').then((local) => local.elected(name, setting, say, steal)));
  const isPage = typeof document === 'object';
  if (share === false || !isPage) return alone();
  const canElect = typeof BroadcastChannel === 'function';
  if (share !== 'channel' && typeof SharedWorker === 'function') {
    try {
      return shared(name, say, canElect ? elected : alone);
    } catch {
      // A browser that knows no module workers.
    }
  }
  return canElect ? elected() : alone();
}

/** The engine of a SharedWorker; `otherwise`, if its script cannot be had. */
function shared(name: string, say: (said: Said) => void, otherwise: () => Inlet): Inlet {
  const worker = new SharedWorker(new URL('./worker.ts', import.meta.url), { type: 'module', name });
  let other: Inlet | undefined;
  worker.port.onmessage = ({ data }: MessageEvent<Said>) => other || say(data);
  worker.onerror = () => {
    other = otherwise();
    say({ ...NOWHERE, who: true });
  };
  return {
    ask: (ask: Ask) => (other ? other.ask(ask) : worker.port.postMessage(ask)),
    close() {
      worker.port.postMessage({ ask: 'bye' });
      worker.port.close();
      other?.close();
    },
  };
}
