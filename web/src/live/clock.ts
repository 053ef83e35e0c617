// What time it is on the gateway. Every moment the gateway tells is by its clock, and a screen's own may be wrong.

import { type Accessor, createSignal, onCleanup } from 'solid-js';
import type { Client } from 'pointcast';
import type { GatewayTime } from './time.js';

const TICK_MS = 1_000;

/** The gateway's time, Unix ms, anew each second. */
export function createClock(client: Client, time: GatewayTime): Accessor<number> {
  const [now, setNow] = createSignal(time.now());
  const timer = setInterval(() => setNow(time.now()), TICK_MS);
  const off = client.on('contact', () => setNow(time.now()));
  onCleanup(() => {
    clearInterval(timer);
    off();
  });
  return now;
}
