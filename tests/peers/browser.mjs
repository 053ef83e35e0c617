// Drives the page in Chromium through the life of a gateway. Each step says what it saw; the first that sees
// something else ends the script with an error.
//
// Arguments: the gateway's binary, its configuration, its address, a directory for pictures.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const { chromium } = createRequire(`${process.env.POINTCAST_PEERS}/node/`)('playwright-core');
const [binary, config, address, pictures] = process.argv.slice(2);
const BROWSER = process.env.POINTCAST_CHROMIUM ?? '/usr/bin/chromium';
const QUIET = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A step that takes longer is broken. */
const STEP_MS = 20_000;
/** The page asks for a heartbeat each 5 s and gives a silent stream up after two of them. */
const SILENCE_MS = 10_000;
/** One device of each kind: Modbus TCP, Modbus RTU, serial lines, MQTT. */
const KINDS = ['boiler', 'greenhouse1', 'scale', 'weather'];
/** Tall enough for every point of the site: only rows in view exist. */
const TALL = { width: 1280, height: 5_000 };

let gateway = null;
const ended = () => new Promise((resolve) => (gateway.exitCode ?? gateway.signalCode) === null ? gateway.once('exit', resolve) : resolve());

async function startGateway() {
  gateway = spawn(binary, ['run', '--config', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  const deadline = Date.now() + STEP_MS;
  for (;;) {
    const ready = await fetch(`http://${address}/readyz`).then((answer) => answer.ok, () => false);
    if (ready) return;
    assert.ok(Date.now() < deadline && gateway.exitCode === null, 'the gateway did not become ready');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What the page shows of each point: `{ id: { value, quality } }`. */
const rows = (page) => page.evaluate(() => Object.fromEntries([...document.querySelectorAll('.row')].map((row) =>
  [row.dataset.key, { value: row.querySelector('.number').textContent, quality: row.dataset.quality }])));

const phase = (page, wanted) => page.waitForFunction(
  (name) => document.querySelector('#contact').dataset.phase === name, wanted, { timeout: STEP_MS, polling: 10 });

const nothingLive = (page) => page.evaluate(() =>
  [...document.querySelectorAll('.row')].every((row) => row.dataset.quality === 'lost')
  && [...document.querySelectorAll('.lamp')].every((lamp) => lamp.dataset.state === 'unknown')
  && document.querySelector('#counts').textContent.includes('not live'));

async function allLive(page) {
  await phase(page, 'live');
  await page.waitForFunction(() => {
    const all = [...document.querySelectorAll('.row')];
    return all.length > 0 && all.every((row) => row.dataset.quality !== 'lost');
  }, undefined, { timeout: STEP_MS });
}

/** Waits until a point of each of `kinds` is good on the page, and says which. */
const goodOfEach = (page, kinds, bound) => page.waitForFunction((names) => {
  const good = [...document.querySelectorAll('.row[data-quality=good]')].map((row) => row.dataset.key);
  return names.every((name) => good.some((id) => id.startsWith(`${name}/`)));
}, kinds, { timeout: bound, polling: 10 });

async function moves(page, kinds) {
  const before = await rows(page);
  await page.waitForFunction(({ names, first }) => names.every((name) => [...document.querySelectorAll('.row[data-quality=good]')]
    .some((row) => row.dataset.key.startsWith(`${name}/`) && row.querySelector('.number').textContent !== first[row.dataset.key]?.value)),
  { names: kinds, first: before }, { timeout: STEP_MS });
}

/** Something of every kind, for the picture in the README (web/screenshot.png is a copy of it). */
const README_POINTS = 'boiler/*/temperature,boiler/pressure,greenhouse1/*,scale/**,weather/wind/*';

const steps = [];
function step(name, act) {
  steps.push([name, act]);
}

step('live values of all kinds of device soon after start-up', async (seen) => {
  const begin = performance.now();
  await startGateway();
  await seen.page.goto(`http://${address}/`);
  await goodOfEach(seen.page, KINDS, STEP_MS);
  const took = Math.round(performance.now() - begin);
  // Told, not held to a bound: other tests share the machine. Alone it takes about a second.
  await moves(seen.page, KINDS);
  return `after ${took} ms, and they move`;
});

step('pictures', async ({ page, browser }) => {
  await page.waitForFunction(() => [...document.querySelectorAll('.lamp')].length >= 4
    && [...document.querySelectorAll('.lamp')].every((lamp) => lamp.dataset.state === 'online'), undefined, { timeout: STEP_MS });
  const looks = { light: {}, dark: { colorScheme: 'dark' }, phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }, readme: {} };
  for (const [name, look] of Object.entries(looks)) {
    const points = name === 'readme' ? `?points=${README_POINTS}` : '';
    const other = await browser.newPage({ viewport: { width: 1200, height: 760 }, colorScheme: 'light', ...look });
    await other.goto(`http://${address}/${points}`);
    await allLive(other);
    await other.waitForFunction(() => [...document.querySelectorAll('.unit')].filter((unit) => unit.textContent).length > 3
      && /[1-9] changes/.test(document.querySelector('#contact-detail').textContent));
    await other.screenshot({ path: `${pictures}/${name}.png` });
    const wide = await other.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0, `${name}: the page is ${wide} px wider than its window`);
    await other.close();
  }
  return Object.keys(looks).join(', ');
});

step('a pattern changes the rows without a new connection', async ({ page, requests }) => {
  const streams = requests.filter((url) => url.includes('/stream')).length;
  await page.fill('#pattern', 'boiler/**');
  await page.press('#pattern', 'Enter');
  await page.waitForFunction(() => [...document.querySelectorAll('.row')].length > 0
    && [...document.querySelectorAll('.row')].every((row) => row.dataset.key.startsWith('boiler/')));
  await moves(page, ['boiler']);
  const few = Object.keys(await rows(page)).length;
  await page.fill('#pattern', '**');
  await page.press('#pattern', 'Enter');
  await goodOfEach(page, KINDS, STEP_MS);
  assert.equal(requests.filter((url) => url.includes('/stream')).length, streams, 'a stream was opened');
  assert.equal(requests.filter((url) => url.includes('/subscription')).length, 2);
  return `${few} rows of ${Object.keys(await rows(page)).length}`;
});

step('a wrong pattern is refused with its reason, and words find points', async ({ page }) => {
  await page.fill('#pattern', 'boi*');
  await page.press('#pattern', 'Enter');
  assert.match(await page.textContent('#pattern-note'), /whole segment/);
  await page.fill('#pattern', '**');
  await page.press('#pattern', 'Enter');
  await page.fill('#words', 'scale');
  await page.waitForFunction(() => [...document.querySelectorAll('.row')].every((row) => row.dataset.key.includes('scale')));
  const found = Object.keys(await rows(page)).length;
  assert.ok(found > 0);
  await page.fill('#words', '');
  await goodOfEach(page, KINDS, STEP_MS);
  return `${found} found`;
});

step('the keyboard reaches a point and its details', async ({ page }) => {
  await page.focus('#grid');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#details[open]');
  const title = await page.textContent('#details-title');
  assert.match(await page.textContent('#details-list'), /Quality/);
  // The stream says when the value changed; the last read is asked for, again and again.
  const read = () => page.evaluate(() =>
    [...document.querySelectorAll('#details dt')].find((term) => term.textContent === 'Read').nextSibling.textContent.split(',')[0]);
  await page.waitForFunction(() => /Changed.*Read\d\d:/.test(document.querySelector('#details-list').textContent), undefined, { timeout: STEP_MS });
  const first = await read();
  await page.waitForFunction((before) => !document.querySelector('#details-list').textContent.includes(`Read${before}`), first, { timeout: STEP_MS });
  assert.match(await read(), /^\d\d:\d\d:\d\d$/);
  await page.keyboard.press('Escape');
  await page.waitForSelector('#details:not([open])', { state: 'attached' });
  return title;
});

const notify = (severity, text) => fetch(`http://${address}/api/v1/notices`, {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ to: '*', severity, text }),
});
const notices = (page) => page.evaluate(() => [...document.querySelectorAll('.notice .text')].map((text) => text.textContent));

step('notices are shown as text, the most serious first, told at once, and gone when dismissed', async ({ page }) => {
  await notify('critical', 'leave the hall');
  await notify('info', '<img src="x"><b>bold</b>');
  await page.waitForFunction(() => document.querySelectorAll('.notice').length === 2, undefined, { timeout: STEP_MS });
  assert.deepEqual(await notices(page), ['leave the hall', '<img src="x"><b>bold</b>']);
  assert.equal(await page.evaluate(() => document.querySelectorAll('.notice :is(img, b)').length), 0);
  assert.match(await page.textContent('#notices-alert'), /^critical from .*: leave the hall$/);
  assert.match(await page.textContent('#notices-status'), /bold/);
  await page.focus('.notice button');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('.notice').length === 1);
  assert.ok(await page.evaluate(() => document.activeElement.matches('.notice button')), 'the keyboard lost its place');
  return 'one of two is left';
});

step('a killed gateway turns everything grey, its successor makes it live', async ({ page }) => {
  gateway.kill('SIGKILL');
  await ended();
  await page.waitForFunction(() => document.documentElement.dataset.contact === 'no', undefined, { timeout: STEP_MS });
  await page.evaluate(() => new Promise(requestAnimationFrame));
  assert.ok(await nothingLive(page), 'something still looks live');
  assert.match(await page.textContent('#banner'), /Last contact \d\d:\d\d:\d\d/);
  await page.screenshot({ path: `${pictures}/lost.png`, clip: { x: 0, y: 0, width: 1280, height: 800 } });
  await startGateway();
  await allLive(page);
  await goodOfEach(page, KINDS, STEP_MS);
  await moves(page, KINDS);
  // Its notices are counted from one again, and are others.
  await notify('warning', 'back again');
  await page.waitForFunction(() => document.querySelectorAll('.notice').length === 2, undefined, { timeout: STEP_MS });
  assert.equal((await notices(page))[0], 'back again');
  await page.click('.notices header button');
  await page.waitForSelector('#notices', { state: 'hidden' });
  return 'without a reload';
});

step('a gateway that stops in order is followed into its next life', async ({ page }) => {
  gateway.kill('SIGTERM');
  await ended();
  assert.equal(gateway.exitCode, 0, 'the gateway did not stop in order');
  await page.waitForFunction(() => document.documentElement.dataset.contact === 'no', undefined, { timeout: STEP_MS });
  await startGateway();
  await allLive(page);
  await moves(page, KINDS);
  return 'without a reload';
});

step('a hung gateway is found out by its silence', async ({ page }) => {
  gateway.kill('SIGSTOP');
  const begin = performance.now();
  await page.waitForFunction(() => document.documentElement.dataset.contact === 'no', undefined, { timeout: SILENCE_MS + STEP_MS });
  const took = performance.now() - begin;
  assert.ok(took <= SILENCE_MS + 1_500, `took ${Math.round(took)} ms`);
  await page.evaluate(() => new Promise(requestAnimationFrame));
  assert.ok(await nothingLive(page), 'something still looks live');
  gateway.kill('SIGCONT');
  await allLive(page);
  await moves(page, KINDS);
  return `after ${Math.round(took)} ms, then live again`;
});

step('a session that another connection takes over is greyed until it is taken back', async ({ page, ids }) => {
  const other = new AbortController();
  const taken = await fetch(`http://${address}/api/v1/stream?last_event_id=${ids.at(-1)}`,
    { headers: { Accept: 'text/event-stream' }, signal: other.signal });
  assert.equal(taken.status, 200);
  await phase(page, 'replaced');
  await page.evaluate(() => new Promise(requestAnimationFrame));
  assert.ok(await nothingLive(page), 'something still looks live');
  await page.click('#banner-action');
  await allLive(page);
  other.abort();
  await moves(page, KINDS);
  return 'and back';
});

/** A device that cannot be there, with names that ask for room. */
const FAULTY = `
[[channels]]
name = "tankline"
driver = "serial"
port = "/dev/serial/by-id/usb-Of_No_Maker_At_All_USB-Serial_Controller-if00-port0"
baud = 9600

[[devices]]
name = "tank"
channel = "tankline"
lines = ['^(?<level>[0-9.]+)$']
silence_ms = 5000
points = [{ name = "far/away/in/the/east/hall/behind/the/compressor/level", type = "f64", unit = "kWh/m²a", stale_after_ms = 5000 }]
`;

/** On both sides of each breakpoint too. */
const WIDTHS = [320, 360, 600, 736, 737, 768, 834, 1024, 1088, 1089, 1280, 1920, 2560];

/** What is cut off on the page, and what reaches out of the table. */
const cutOff = (page) => page.evaluate(() => {
  const seen = [...document.querySelectorAll('.row :is(.leaf, .unit, .quality, .reason, .age), .head > span, .group .title, .lamp .cause, .toggle')]
    .filter((part) => part.textContent && [part, part.parentElement].every((box) => getComputedStyle(box).clipPath === 'none'));
  const right = document.querySelector('.grid').getBoundingClientRect().right + 1;
  const cut = seen.filter((part) => part.scrollWidth > part.clientWidth + 1 || part.getBoundingClientRect().right > right);
  const broken = [...document.querySelectorAll('.lamp .name')].filter((name) => name.getClientRects().length > 1 || name.offsetHeight > 30);
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  return [...cut, ...broken].map((part) => `${part.className} ${part.textContent}`).concat(wide > 0 ? [`${wide} px too wide`] : []);
});

step('a device\'s fault is told with its cause, whole when asked, on windows of every width', async ({ page, browser }) => {
  writeFileSync(join(dirname(config), 'site.d/tank.toml'), FAULTY);
  gateway.kill('SIGTERM');
  await ended();
  await startGateway();
  await allLive(page);
  const cause = 'No such file or directory';
  const other = await browser.newPage({ viewport: { width: 1280, height: 1_000 }, colorScheme: 'light' });
  await other.goto(`http://${address}/?points=tank/**,boiler/**`);
  await other.waitForFunction(() => document.querySelector('.lamp[data-state=offline]')?.textContent.includes('tank')
    && document.querySelector('.row[data-quality=bad] .reason'), undefined, { timeout: STEP_MS });
  await other.waitForFunction(() => document.title === 'Demo site – Pointcast', undefined, { timeout: STEP_MS });
  assert.equal(await other.textContent('.lamp[data-state=offline] .cause'), cause);
  await other.waitForFunction(() => [...document.querySelectorAll('.unit')].some((unit) => unit.textContent === 'bar'));
  for (const width of WIDTHS) {
    await other.setViewportSize({ width, height: 1_000 });
    await other.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    assert.deepEqual(await cutOff(other), [], `${width} px`);
  }
  assert.ok(await other.isHidden('#trouble'));
  await other.focus('.lamp[data-state=offline]');
  await other.keyboard.press('Enter');
  await other.waitForSelector('#trouble:not([hidden])');
  assert.match(await other.textContent('#trouble'), new RegExp(`^tank is offline: .*/dev/serial/by-id/.*${cause}$`));
  await other.click('.row[data-quality=bad]');
  assert.match(await other.textContent('#details-list'), new RegExp(`Device says.*${cause}`));
  await other.close();
  return `${WIDTHS.length} widths`;
});

async function main() {
  if (!existsSync(BROWSER)) throw new Error(`${BROWSER} is missing: run tests/run`);
  const browser = await chromium.launch({ executablePath: BROWSER, args: QUIET });
  const page = await browser.newPage({ viewport: TALL, colorScheme: 'light' });
  const seen = { browser, page, requests: [], ids: [] };
  const wrong = [];
  let loads = 0;
  page.on('request', (request) => seen.requests.push(request.url()));
  page.on('load', () => (loads += 1));
  page.on('pageerror', (error) => wrong.push(String(error.stack)));
  page.on('console', (message) => /Content Security|TypeError/.test(message.text()) && wrong.push(message.text()));
  const protocol = await page.context().newCDPSession(page);
  protocol.on('Network.eventSourceMessageReceived', ({ eventId }) => eventId && seen.ids.push(eventId));
  await protocol.send('Network.enable');
  try {
    for (const [name, act] of steps) console.log(`${name}: ${await act(seen)}`);
    assert.equal(loads, 1, 'the page was loaded again');
    assert.deepEqual(wrong, []);
  } catch (error) {
    await page.screenshot({ path: `${pictures}/failed.png` });
    throw new Error(`${steps.length} steps; ${wrong.join('; ')}`, { cause: error });
  } finally {
    await browser.close();
    gateway?.kill('SIGKILL');
  }
}

await main();
