// What time it is on the gateway. Every moment the gateway tells is by its clock, and a screen's own may be wrong.

import { type Accessor, createSignal, onCleanup } from 'solid-js';
import type { Client } from 'pointcast';

const TICK_MS = 1_000;

/** The gateway's time, Unix ms, anew each second; this machine's own until the gateway has told its. */
export function createClock(client: Client): Accessor<number> {
  const time = () => Date.now() + (client.contact.offsetMs ?? 0);
  const [now, setNow] = createSignal(time());
  const timer = setInterval(() => setNow(time()), TICK_MS);
  const off = client.on('contact', () => setNow(time()));
  onCleanup(() => {
    clearInterval(timer);
    off();
  });
  return now;
}
