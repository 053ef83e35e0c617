// The dashboard's table with 10 000 rows of which 2 000 change each second: how many frames it draws beside a page that
// does nothing, in the same run, how much of the main thread it takes, and that its memory does not grow.
//
// One argument more: where the device is to be played. With POINTCAST_LONG the memory is watched for ten minutes, from
// when all changes that are kept have filled what is allowed for them.

import assert from 'node:assert/strict';
import { DESKTOP, address, contact, gateway, goodOfEach, run } from './page.mjs';
import { serveRegisters } from './registers.mjs';

const POINTS = 10_000;
const CHANGES_PER_S = 2_000;
const EVERY_MS = (1_000 * POINTS) / CHANGES_PER_S;
/** So long each page is looked at. */
const LOOK_MS = 5_000;
/** Other tests share the machine: in one of so many the page has what it needs, of both. */
const ROUNDS = 3;
const FRAMES_SHARE = 0.8;
const MAIN_THREAD_SHARE = 0.5;
const IS_LONG = Boolean(process.env.POINTCAST_LONG);
/** How much the most in the second half of the time may be beyond the most in the first. */
const GROWTH = 1.05;
const SETTLE_MS = 5_000;
const WATCH_MS = IS_LONG ? 600_000 : 20_000;
const SAMPLES = IS_LONG ? 60 : 10;
/** As fast as the device is read: the sooner is full what changes may take. */
const FILL_EVERY_MS = 1_000;
/** What all changes that the page keeps may take (`BUDGET_BYTES` in web/src/live/history.ts), and what else has arrays. */
const BUDGET_BYTES = 48 * 1_048_576;
const OTHER_ARRAYS_BYTES = 4 * 1_048_576;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const metric = async (protocol, name) => (await protocol.send('Performance.getMetrics')).metrics.find((one) => one.name === name).value;

async function changes() {
  const text = await fetch(`http://${address}/metrics`).then((answer) => answer.text());
  return Number(/^pointcast_sent_changes_total (\d+)/m.exec(text)[1]);
}

/** Frames in a second, and which part of that the main thread was busy. */
async function look(page, protocol) {
  const [begin, busy] = [performance.now(), await metric(protocol, 'TaskDuration')];
  const frames = await page.evaluate((ms) => new Promise((done) => {
    const end = performance.now() + ms;
    let count = 0;
    const frame = (now) => (now < end ? requestAnimationFrame(frame, (count += 1)) : done(count));
    requestAnimationFrame(frame);
  }), LOOK_MS);
  const seconds = (performance.now() - begin) / 1_000;
  return { rate: frames / seconds, share: (await metric(protocol, 'TaskDuration') - busy) / seconds };
}

async function tooled(page) {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send('Performance.enable');
  return protocol;
}

/** What the page holds: objects, typed arrays (the changes that are kept), both in bytes; parts of the document. */
async function memory() {
  await protocol.send('HeapProfiler.collectGarbage');
  const { usedSize: heap, backingStorageSize: arrays } = await protocol.send('Runtime.getHeapUsage');
  return { heap, arrays, nodes: await metric(protocol, 'Nodes') };
}
const told = ({ heap, arrays, nodes }) => `${(heap / 1e6).toFixed(1)} MB of objects, ${(arrays / 1e6).toFixed(1)} MB of arrays, ${nodes} nodes`;
/** The most of each kind. */
const most = (samples) => Object.fromEntries(Object.keys(samples[0]).map((kind) => [kind, Math.max(...samples.map((one) => one[kind]))]));

const pace = { everyMs: EVERY_MS };
let page;
let protocol;

await run({
  async 'ten thousand rows are there'({ open }) {
    await serveRegisters(process.argv[6], pace);
    await gateway.start();
    page = await open('/');
    await contact(page, 'live');
    await goodOfEach(page, ['hall1']);
    protocol = await tooled(page);
    return `${await page.evaluate(() => document.querySelectorAll('.row').length)} of them drawn`;
  },

  async 'frames beside those of an empty page, and the main thread'({ browser }) {
    const empty = await (await browser.newContext({ viewport: DESKTOP })).newPage();
    const emptyProtocol = await tooled(empty);
    const rounds = [];
    const begin = { changes: await changes(), at: performance.now() };
    for (let round = 0; round < ROUNDS; round += 1) {
      await empty.bringToFront();
      const nothing = await look(empty, emptyProtocol);
      await page.bringToFront();
      const busy = await look(page, protocol);
      rounds.push({ frames: busy.rate / nothing.rate, share: busy.share, rate: busy.rate });
    }
    const rate = (1_000 * (await changes() - begin.changes)) / (performance.now() - begin.at);
    assert.ok(rate > 0.9 * CHANGES_PER_S, `only ${Math.round(rate)} changes a second`);
    const each = rounds.map((one) => `${Math.round(one.rate)}/s is ${one.frames.toFixed(2)}, busy ${one.share.toFixed(2)}`);
    const told = `${Math.round(rate)} changes a second: ${each.join('; ')}`;
    assert.ok(rounds.some(({ frames, share }) => frames >= FRAMES_SHARE && share <= MAIN_THREAD_SHARE), told);
    return told;
  },

  async 'what is kept of the changes keeps within its budget'() {
    if (!IS_LONG) return 'not tried: it takes minutes to be full';
    pace.everyMs = FILL_EVERY_MS;
    const begin = performance.now();
    while ((await memory()).arrays < BUDGET_BYTES * 0.7) {
      assert.ok(performance.now() - begin < 15 * 60_000, `only ${told(await memory())}`);
      await wait(10_000);
    }
    await wait(60_000);
    pace.everyMs = EVERY_MS;
    return `full after ${Math.round((performance.now() - begin) / 1_000)} s: ${told(await memory())}`;
  },

  async 'memory stays'() {
    await wait(SETTLE_MS);
    const samples = [];
    for (let at = 0; at < SAMPLES; at += 1) {
      await wait(WATCH_MS / SAMPLES);
      samples.push(await memory());
    }
    const [first, second] = [samples.slice(0, SAMPLES / 2), samples.slice(SAMPLES / 2)].map(most);
    const all = `${told(first)}, then ${told(second)}`;
    // Until it is full, what is kept grows: that is what it is for.
    for (const kind of IS_LONG ? Object.keys(first) : ['heap', 'nodes']) assert.ok(second[kind] < first[kind] * GROWTH, `${kind}: ${all}`);
    assert.ok(second.arrays < BUDGET_BYTES + OTHER_ARRAYS_BYTES, all);
    return all;
  },
});
