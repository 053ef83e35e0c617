// Follows a stream with the `eventsource` package through many connections and prints each event as a line of JSON,
// until one is called `over`. Arguments: the stream's address, and a JSON list of further names to listen for.

import { createRequire } from 'node:module';

const { EventSource } = createRequire(`${process.env.POINTCAST_PEERS}/node/`)('eventsource');
const [url, names] = process.argv.slice(2);
const PATIENCE_MS = 60_000;

const source = new EventSource(url);
const patience = setTimeout(() => {
  console.error(`it was not over after ${PATIENCE_MS} ms`);
  process.exit(1);
}, PATIENCE_MS);

for (const name of ['connect', 'points', 'message', 'over', ...JSON.parse(names)]) {
  source.addEventListener(name, ({ data }) => {
    if (data === undefined) return;
    console.log(JSON.stringify({ event: name, data }));
    if (name !== 'over') return;
    clearTimeout(patience);
    source.close();
  });
}
source.addEventListener('error', (event) => {
  if (source.readyState !== EventSource.CLOSED) return;
  console.error(`closed for good: ${event.code ?? ''} ${event.message ?? ''}`);
  process.exit(1);
});
