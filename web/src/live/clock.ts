// What time it is on the gateway. Every moment the gateway tells is by its clock, and a screen's own may be wrong.

import { type Accessor, createSignal, onCleanup } from 'solid-js';
import type { Client } from 'pointcast';
import { turnDay } from '../text/format.js';
import type { GatewayTime } from './time.js';

const TICK_MS = 1_000;

/** The gateway's time, Unix ms, anew each second. */
export function createClock(client: Client, time: GatewayTime): Accessor<number> {
  const [now, setNow] = createSignal(time.now());
  const tell = () => {
    setNow(time.now());
    turnDay(Date.now());
  };
  const timer = setInterval(tell, TICK_MS);
  const off = client.on('contact', tell);
  // A hidden page's timers hardly run: who comes back must not see values of the future.
  document.addEventListener('visibilitychange', tell);
  onCleanup(() => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', tell);
    off();
  });
  return now;
}
