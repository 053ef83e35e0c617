// The dashboard through the life of a gateway: killed, stopped, hung, taken over. On no page does anything look live that
// is not, and all become live again without being loaded again.

import assert from 'node:assert/strict';
import { NO_GATEWAY, PAGES, STEP_MS, TALL, contact, gateway, goodOfEach, lossSince, moves, notify, pictures, run } from './page.mjs';

/** A kernel tells at once that a process is gone; this is what a busy machine may add. */
const GREY_MS = 3_000;
/** While it stops a gateway gives open connections so long. */
const DRAIN_MS = 8_000;
/** The page asks for a heartbeat each 5 s and gives a silent stream up after two of them. */
const SILENCE_MS = 10_000;

const pages = {};
let loads = 0;

/** Waits until every page has drawn that contact is lost since `beginMs`, and holds that nothing on it looks live. */
async function allLost(beginMs, boundMs) {
  const took = await Promise.all(Object.entries(pages).map(async ([name, page]) => {
    const { greyAt, live } = await lossSince(page, beginMs, boundMs + STEP_MS);
    assert.deepEqual(live, [], `${name}: something still looks live`);
    assert.match(await page.textContent('.banner'), /No contact since .*\d/);
    return greyAt - beginMs;
  }));
  assert.ok(Math.max(...took) < boundMs, `took ${took} ms`);
  return Math.max(...took);
}

async function allLive() {
  await Promise.all(Object.values(pages).map((page) => contact(page, 'live')));
  await goodOfEach(pages.points);
  await moves(pages.points);
}

await run({
  async 'every page is live'({ browser, open }) {
    await gateway.start();
    const context = await browser.newContext({ viewport: TALL, locale: 'en-US' });
    for (const [name, path] of Object.entries(PAGES)) {
      pages[name] = await open(path, { context });
      pages[name].on('load', () => (loads += 1));
    }
    await allLive();
    return Object.keys(pages).join(', ');
  },

  async 'a killed gateway turns everything grey at once'() {
    const begin = Date.now();
    await gateway.kill('SIGKILL');
    const took = await allLost(begin, GREY_MS);
    await pages.points.screenshot({ path: `${pictures}/lost.png`, clip: { x: 0, y: 0, width: 1280, height: 800 } });
    return `after ${took} ms`;
  },

  async 'its successor makes it live again, with new notices'() {
    await gateway.start();
    await allLive();
    await notify('warning', 'back again');
    await pages.devices.waitForSelector('.toast');
    return 'without loading a page again';
  },

  async 'a gateway that stops in order is followed into its next life'() {
    const begin = Date.now();
    await gateway.kill('SIGTERM');
    const took = await allLost(begin, DRAIN_MS + GREY_MS);
    await gateway.start();
    await allLive();
    return `grey after ${took} ms, then live`;
  },

  async 'a hung gateway is found out by its silence'() {
    const begin = Date.now();
    gateway.signal('SIGSTOP');
    const took = await allLost(begin, SILENCE_MS + GREY_MS);
    gateway.signal('SIGCONT');
    await allLive();
    assert.equal(loads, 0, 'a page was loaded again');
    return `after ${took} ms, then live`;
  },
}, { expected: NO_GATEWAY });
