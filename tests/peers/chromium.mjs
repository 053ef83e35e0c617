// Follows a stream with Chromium's own EventSource and prints each event as a line of JSON, until it is replaced.
// Argument: the stream's address.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const { chromium } = createRequire(`${process.env.POINTCAST_PEERS}/node/`)('playwright-core');
const BROWSER = process.env.POINTCAST_CHROMIUM ?? '/usr/bin/chromium';
const QUIET = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const EVENTS = ['connect', 'subscribed', 'points', 'removed', 'catalog', 'heartbeat', 'notice', 'replaced', 'drain', 'message'];
const PATIENCE_MS = 30_000;
const url = new URL(process.argv[2]);

if (!existsSync(BROWSER)) throw new Error(`${BROWSER} is missing: run tests/run`);
const browser = await chromium.launch({ executablePath: BROWSER, args: QUIET });
try {
  const page = await browser.newPage();
  // Any page of the same origin will do.
  await page.goto(`${url.origin}/healthz`);
  const seen = await page.evaluate(([address, names, patience]) => new Promise((resolve, reject) => {
    const source = new EventSource(address);
    const events = [];
    setTimeout(() => reject(new Error(`only ${JSON.stringify(events)}`)), patience);
    for (const name of names) {
      source.addEventListener(name, ({ data, lastEventId }) => {
        events.push({ event: name, data, id: lastEventId });
        if (name !== 'replaced') return;
        source.close();
        resolve(events);
      });
    }
    source.onerror = () => reject(new Error(`lost after ${JSON.stringify(events)}`));
  }), [url.href, EVENTS, PATIENCE_MS]);
  for (const event of seen) console.log(JSON.stringify(event));
} finally {
  await browser.close();
}
