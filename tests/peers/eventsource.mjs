// Follows a stream with the `eventsource` package and prints each event as a line of JSON, until it is replaced.
// Arguments: the stream's address, and, over a connection that is cut, how many frames of points to see after the
// second `connect`.

import { createRequire } from 'node:module';

const { EventSource } = createRequire(`${process.env.POINTCAST_PEERS}/node/`)('eventsource');
const [url, framesAfter] = process.argv.slice(2);
const EVENTS = ['connect', 'subscribed', 'points', 'removed', 'catalog', 'heartbeat', 'replaced', 'drain', 'open', 'message'];
const PATIENCE_MS = 30_000;

let connections = 0;
let frames = 0;
const source = new EventSource(url);
const patience = setTimeout(() => {
  console.error(`after ${PATIENCE_MS} ms: ${connections} connections, ${frames} frames since the last one`);
  process.exit(1);
}, PATIENCE_MS);

for (const name of EVENTS) {
  source.addEventListener(name, (event) => {
    // The client's own `open` carries no data; an event of the gateway by that name would.
    if (event.data === undefined) return;
    console.log(JSON.stringify({ event: name, data: event.data, id: event.lastEventId }));
    if (name === 'connect') [connections, frames] = [connections + 1, 0];
    if (name === 'points') frames += 1;
    if (name === 'replaced' || (connections === 2 && frames === Number(framesAfter))) {
      clearTimeout(patience);
      source.close();
    }
  });
}
source.addEventListener('error', (event) => {
  if (source.readyState === EventSource.CLOSED) {
    console.error(`closed for good: ${event.code ?? ''} ${event.message ?? ''}`);
    process.exit(1);
  }
});
