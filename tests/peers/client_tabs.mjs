// The browser client in Chromium against the built gateway: ten tabs have one stream, whether a worker has it or the tab
// that was elected, and tabs that are closed, frozen or killed cost the others nothing. Each step says what it saw; the
// first that sees something else ends the script with an error.
//
// Arguments: the gateway's binary, its configuration, its address.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { createRequire } from 'node:module';
import { build, gatewayOf, until } from './client_tools.mjs';

const { chromium } = createRequire(`${process.env.POINTCAST_PEERS}/node/`)('playwright-core');
const [binary, config, address] = process.argv.slice(2);
const BROWSER = process.env.POINTCAST_CHROMIUM ?? '/usr/bin/chromium';
const QUIET = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const TABS = 10;
const HEARTBEAT_MS = 1_000;

const PAGE = `<!doctype html><title>A tab</title><script type="module">
  import { connect } from '/client/index.js';
  const query = new URLSearchParams(location.search);
  const client = connect({ heartbeatMs: ${HEARTBEAT_MS} });
  const values = new Map();
  const seen = { changes: 0, wrong: 0, states: [] };
  client.watch(query.get('watch').split(','), (points, removed) => {
    for (const id of removed) values.delete(id);
    for (const point of points) {
      values.set(point.id, point);
      seen.changes += 1;
      if (point.live && client.state === 'lost') seen.wrong += 1;
    }
  });
  client.on('contact', ({ state }) => seen.states.push(state));
  Object.assign(globalThis, { client, values, seen });
</script>`;

/** Pages and scripts from here, everything else from the gateway: one origin. */
async function serve() {
  const files = await build();
  const server = createServer((asked, answer) => {
    const name = /^\/client\/(.*)$/.exec(asked.url)?.[1];
    if (name === 'worker.js' && asked.headers.cookie?.includes('no-worker')) return void answer.writeHead(404).end();
    if (name) return void answer.writeHead(200, { 'Content-Type': 'text/javascript' }).end(files.get(name));
    if (asked.url.startsWith('/tab')) return void answer.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE);
    const [host, port] = address.split(':');
    const on = request({ host, port, path: asked.url, method: asked.method, headers: { ...asked.headers, host: address, origin: `http://${address}` } }, (from) => {
      answer.writeHead(from.statusCode, from.headers);
      answer.flushHeaders();
      from.pipe(answer);
      from.on('error', () => answer.destroy());
    });
    on.on('error', () => answer.destroy());
    answer.on('close', () => on.destroy());
    asked.pipe(on);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const figure = async (name) => {
  const text = await fetch(`http://${address}/metrics`).then((answer) => answer.text());
  return Number(new RegExp(`^pointcast_${name} (\\d+)`, 'm').exec(text)[1]);
};

if (!existsSync(BROWSER)) throw new Error(`${BROWSER} is missing: run tests/run`);
const gateway = gatewayOf(binary, config, address);
await gateway.start();
const server = await serve();
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({ executablePath: BROWSER, args: QUIET });

const state = (page) => page.evaluate(() => globalThis.client?.state);
const shown = (page) => page.evaluate(() => [...globalThis.values.values()].filter(({ live }) => live).length);

/** Every tab is live, and values move in it. */
async function allLive(pages) {
  for (const [at, page] of pages.entries()) {
    await until(`tab ${at} to be live`, async () => (await state(page)) === 'live' && (await shown(page)) > 0);
    const before = await page.evaluate(() => globalThis.seen.changes);
    await until(`values of tab ${at} to move`, () => page.evaluate((from) => globalThis.seen.changes > from, before));
    assert.equal(await page.evaluate(() => globalThis.seen.wrong), 0, `tab ${at} was told that something is live without contact`);
  }
}

/** All tabs share a boiler; each but the first has a part of the meter for itself. */
async function tabs(context) {
  const leaders = [];
  const pages = [];
  for (let at = 0; at < TABS; at += 1) {
    const page = await context.newPage();
    page.on('request', (asked) => asked.url().includes('/stream') && leaders.push(page));
    const own = at === 0 ? '' : at === 1 ? ',meter/**' : `,meter/voltage/l${1 + (at % 3)}`;
    await page.goto(`${origin}/tab?watch=boiler/flue/*,boiler/supply/*${own}`);
    pages.push(page);
  }
  await allLive(pages);
  assert.equal(await figure('streams'), 1, 'streams of ten tabs');
  return { pages, leaders };
}

/** Stops a page's script, as freezing does, which headless Chromium cannot. Returns what lets it go on. */
async function stopped(context, page) {
  const session = await context.newCDPSession(page);
  await session.send('Debugger.enable');
  const paused = new Promise((resolve) => session.once('Debugger.paused', resolve));
  await session.send('Debugger.pause');
  await paused;
  return async () => {
    await session.send('Debugger.resume');
    await session.detach();
  };
}

async function frozenAndClosed(context, pages) {
  const before = await figure('selected_points');
  await pages[1].evaluate(() => document.dispatchEvent(new Event('freeze')));
  const thaw = await stopped(context, pages[1]);
  await until('the frozen tab to give up its points', async () => (await figure('selected_points')) < before);
  await thaw();
  const begin = performance.now();
  assert.equal(await shown(pages[1]), 0, 'a thawed tab shows what it had as live');
  await pages[1].evaluate(() => document.dispatchEvent(new Event('resume')));
  await allLive([pages[1]]);
  const back = Math.round(performance.now() - begin);
  assert.equal(await figure('selected_points'), before);
  await pages[1].close();
  await until('the closed tab to give up its points', async () => (await figure('selected_points')) < before);
  pages.splice(1, 1);
  await allLive(pages);
  assert.equal(await figure('streams'), 1);
  return `live ${back} ms after it was thawed`;
}

async function killedGateway(pages) {
  await gateway.kill('SIGKILL');
  for (const page of pages) await until('every tab to be lost', async () => (await state(page)) === 'lost' && (await shown(page)) === 0);
  await gateway.start();
  await allLive(pages);
  assert.equal(await figure('streams'), 1);
}

async function awayAndBack(page) {
  await page.goto(`${origin}/client/worker.js`);
  await page.goBack();
  await allLive([page]);
}

/** The tab that has the stream dies without a word, and another goes on with the same session; without locks two may lead for a
 * moment, and the one that gives way leaves a session behind. */
async function deadLeader(context, pages, leaders, hasLocks) {
  const sessions = await figure('sessions');
  const dead = leaders.at(-1);
  const others = pages.filter((page) => page !== dead);
  assert.equal(others.length, pages.length - 1, 'one of the tabs has the stream');
  const crash = await context.newCDPSession(dead);
  void crash.send('Page.crash').catch(() => {});
  const begin = performance.now();
  await until('another tab to take over', async () => leaders.at(-1) !== dead);
  await allLive(others);
  const took = Math.round(performance.now() - begin);
  await until('one stream', async () => (await figure('streams')) === 1);
  if (hasLocks) assert.equal(await figure('sessions'), sessions, 'another session was begun');
  await dead.close().catch(() => {});
  return `all live ${took} ms after it`;
}

/** The tab that has the stream hangs: the others find out by its silence, and it by theirs when it is back. */
async function hungLeader(context, pages, leaders) {
  const hung = leaders.at(-1);
  const others = pages.filter((page) => page !== hung);
  for (const page of others) await page.evaluate(() => globalThis.seen.states.splice(0));
  const begin = performance.now();
  const goOn = await stopped(context, hung);
  for (const page of others) await until('every other tab to be lost', () => page.evaluate(() => globalThis.seen.states.includes('lost')));
  await allLive(others);
  const took = Math.round(performance.now() - begin);
  await goOn();
  await allLive(pages);
  await until('one stream again', async () => (await figure('streams')) === 1);
  return `others live ${took} ms after it began`;
}

const WAYS = {
  'a shared worker': '',
  'an elected tab, by locks': 'delete globalThis.SharedWorker;',
  'an elected tab, without locks': 'delete globalThis.SharedWorker; delete Navigator.prototype.locks;',
};
/** Where the worker's file cannot be had, tabs elect one. */
async function withoutItsFile() {
  const context = await browser.newContext();
  await context.addCookies([{ name: 'no-worker', value: '1', url: origin }]);
  const pages = [await context.newPage(), await context.newPage()];
  for (const page of pages) await page.goto(`${origin}/tab?watch=boiler/flue/*`);
  await allLive(pages);
  assert.equal(await figure('streams'), 1);
  await context.close();
}

try {
  for (const [name, without] of Object.entries(WAYS)) {
    const context = await browser.newContext();
    if (without) await context.addInitScript(without);
    const { pages, leaders } = await tabs(context);
    console.log(`${name}: ten tabs, one stream`);
    console.log(`${name}: a frozen and a closed tab; ${await frozenAndClosed(context, pages)}`);
    await killedGateway(pages);
    console.log(`${name}: a killed gateway`);
    await awayAndBack(pages[2]);
    if (without) console.log(`${name}: a hung leader; ${await hungLeader(context, pages, leaders)}`);
    if (without) console.log(`${name}: a dead leader; ${await deadLeader(context, pages, leaders, name.includes('by locks'))}`);
    await context.close();
    await until('the stream to end', async () => (await figure('streams')) === 0);
  }
  await withoutItsFile();
  console.log('a worker whose file is missing: the tabs elect one');
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
  await gateway.kill('SIGKILL');
}
