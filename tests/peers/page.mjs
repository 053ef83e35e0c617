// What the scripts share that drive the dashboard in Chromium: its pages, what they show, and what none of them may do.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gatewayOf } from './client_tools.mjs';

const { chromium } = createRequire(`${process.env.POINTCAST_PEERS}/node/`)('playwright-core');
const BROWSER = process.env.POINTCAST_CHROMIUM ?? '/usr/bin/chromium';
const QUIET = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Pages tell times of this zone, wherever the machine is. */
const ZONE = 'UTC';

/** A step that takes longer is broken. */
export const STEP_MS = 30_000;
/** Points of which a page shows something soon. */
const SOME = 'boiler/supply/temperature,boiler/return/temperature,boiler/flue/temperature';
/** Every page of the dashboard, with something on it. */
export const PAGES = {
  points: '/',
  trends: `/trends?points=${SOME}`,
  'no trends': '/trends',
  devices: '/devices',
  device: '/devices/boiler',
  boards: '/boards',
  board: '/boards/plant',
  wall: '/boards/plant?kiosk',
};
/** One device of each kind: Modbus TCP, Modbus RTU, serial lines, MQTT. */
export const KINDS = ['boiler', 'greenhouse1', 'scale', 'weather'];
/** Tall enough for every point of the site: only rows in view exist. */
export const TALL = { width: 1280, height: 5_000 };
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 800 };

/** What the browser says of itself when the gateway is gone, which is no fault of a page. */
export const NO_GATEWAY = /net::ERR_(CONNECTION|INCOMPLETE|EMPTY|TIMED_OUT|ABORTED|FAILED)|status of 50[234]/;

/** Where a script is told that things are. */
export const [binary, config, address, pictures] = process.argv.slice(2);
export const gateway = gatewayOf(binary, config, address);

/**
 * Runs the steps of a script against one browser; each says what it saw. Ends the browser, and the script with an error if
 * one failed, or if a page complained of anything else than is `expected`.
 */
export async function run(steps, { expected = /^$/ } = {}) {
  if (!existsSync(BROWSER)) throw new Error(`${BROWSER} is missing: run tests/run`);
  const browser = await chromium.launch({ executablePath: BROWSER, args: QUIET, env: { ...process.env, TZ: ZONE } });
  const wrong = [];
  const seen = { browser, wrong, open: (path, options) => open(browser, path, { wrong, expected, ...options }) };
  try {
    for (const [name, act] of Object.entries(steps)) {
      const begin = performance.now();
      console.log(`${name}: ${await act(seen)} (${Math.round(performance.now() - begin)} ms)`);
      assert.deepEqual(wrong, [], `${name}: pages complained`);
    }
  } catch (error) {
    await picture(browser);
    throw wrong.length > 0 ? new Error(wrong.join('\n'), { cause: error }) : error;
  } finally {
    await browser.close();
  }
  process.exit(0);
}

/** How every open page looked when a step failed. */
async function picture(browser) {
  for (const [at, page] of browser.contexts().flatMap((context) => context.pages()).entries()) {
    await page.screenshot({ path: `${pictures}/failed-${at}.png`, timeout: 5_000 }).catch(() => {});
  }
}

/** A page of the dashboard in a profile of its own, or in `context`; what it complains about is kept in `wrong`. */
async function open(browser, path, { wrong, expected, context, language = 'en', viewport = DESKTOP, scheme = 'light', locale = 'en-US', scale = 1 }) {
  const home = context ?? (await browser.newContext({ viewport, colorScheme: scheme, locale, deviceScaleFactor: scale }));
  const page = await home.newPage();
  page.setDefaultTimeout(STEP_MS);
  page.on('pageerror', (error) => wrong.push(`${path}: ${error.stack}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' || expected.test(message.text())) return;
    wrong.push(`${path}: ${message.text()} ${message.location().url}`);
  });
  await page.exposeFunction('violated', (what) => wrong.push(`${path}: against the policy: ${what}`));
  await page.addInitScript((tag) => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => globalThis.violated(`${violatedDirective} ${blockedURI}`));
    localStorage.setItem('pointcast.language', tag);
  }, language);
  await page.addInitScript(noteLoss);
  await page.goto(`http://${address}${path}`);
  return page;
}

/** Tells what looks `live()`, and notes by itself when contact was lost, when that was drawn, and what still looked live then: `loss`. */
function noteLoss() {
  // What was to be drawn is drawn two frames on.
  const afterDrawing = (act) => requestAnimationFrame(() => requestAnimationFrame(act));
  globalThis.live = () => {
    const looks = document.querySelectorAll('main :is([data-look=good], [data-look=uncertain], [data-look=bad])');
    const probe = document.body.appendChild(document.createElement('i'));
    const colours = ['good', 'uncertain', 'bad'].map((name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    });
    probe.remove();
    const isColoured = (one) => one.checkVisibility() && ['color', 'fill', 'stroke', 'backgroundColor'].some((part) => colours.includes(getComputedStyle(one)[part]));
    // What counts none of something says nothing of a value.
    const counts = (one) => !one.closest('.contact, [data-none=true]');
    return [...looks, ...[...document.querySelectorAll('main *')].filter(isColoured)].filter(counts).map((one) => one.outerHTML.slice(0, 200));
  };
  new MutationObserver(() => {
    if (document.querySelector('.app')?.dataset.contact !== 'lost' || globalThis.loss?.isOpen) return;
    const loss = { isOpen: true, lostAt: Date.now() };
    globalThis.loss = loss;
    afterDrawing(() => Object.assign(loss, { isOpen: false, greyAt: Date.now(), live: globalThis.live() }));
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-contact'] });
}

/** Waits until the page has drawn that contact is lost, and gives what `noteLoss` noted since `beginMs`. */
export async function lossSince(page, beginMs, bound) {
  await page.waitForFunction((begin) => globalThis.loss?.greyAt >= begin, beginMs, { timeout: bound, polling: 20 });
  return page.evaluate(() => globalThis.loss);
}

/** Waits until the page says so of its contact. */
export const contact = (page, state, bound = STEP_MS) => page.waitForFunction(
  (wanted) => document.querySelector('.app')?.dataset.contact === wanted, state, { timeout: bound, polling: 10 });

/** What the table shows of each point: `{ id: { value, look } }`. */
export const rows = (page) => page.evaluate(() => Object.fromEntries([...document.querySelectorAll('.row[data-key]:not(.branch)')].map((row) =>
  [row.dataset.key, { value: row.querySelector('.number').textContent, look: row.dataset.look }])));

/** Waits until a point of each of `kinds` is good in the table. */
export const goodOfEach = (page, kinds = KINDS) => page.waitForFunction((names) => {
  const good = [...document.querySelectorAll('.row[data-look=good]:not(.branch)')].map((row) => row.dataset.key);
  return names.every((name) => good.some((id) => id.startsWith(`${name}/`)));
}, kinds, { timeout: STEP_MS, polling: 10 });

/** Waits until a point of each of `kinds` has another value in the table. */
export async function moves(page, kinds = KINDS) {
  const first = await rows(page);
  await page.waitForFunction(({ names, before }) => names.every((name) => [...document.querySelectorAll('.row[data-look=good]:not(.branch)')]
    .some((row) => row.dataset.key.startsWith(`${name}/`) && row.querySelector('.number').textContent !== before[row.dataset.key]?.value)),
  { names: kinds, before: first }, { timeout: STEP_MS });
}

/** What looks live on a page now. */
export const liveOn = (page) => page.evaluate(() => globalThis.live());

/** Waits until the files of every page are there. */
export const ahead = (page) => page.waitForFunction(() => {
  const loaded = performance.getEntriesByType('resource').map(({ name }) => /assets\/([a-z]+)-/.exec(name)?.[1]);
  return loaded.filter((name) => name === 'page').length === 4 && ['trend', 'uplot', 'zh'].every((name) => loaded.includes(name));
});

/** Two frames on: what was to be drawn is drawn. */
export const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** By how many pixels the page is wider than its window. */
export const overhang = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Sends a message to everybody. */
export const notify = (severity, text) => fetch(`http://${address}/api/v1/notices`, {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ to: '*', severity, text }),
});

/** A point as the gateway has it. */
export const read = (id) => fetch(`http://${address}/api/v1/points/${id}`).then((answer) => answer.json());

/** Runs the simulated devices in a process of their own, which takes faults as lines: `say('boiler silent')`. */
export async function simulateApart() {
  const text = readFileSync(config, 'utf8');
  const section = /^\[simulation\]\n(?:.+\n?)*/m.exec(text)[0];
  writeFileSync(config, text.replace(section, ''));
  const options = [...section.matchAll(/^(\w+) = "(.*)"$/gm)].flatMap(([, key, place]) => [`--${key.replaceAll('_', '-')}`, place]);
  const child = spawn(binary, ['sim', ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (more) => (said += more));
  const heard = async (words) => {
    for (const end = Date.now() + STEP_MS; !said.includes(words);) {
      assert.ok(Date.now() < end && child.exitCode === null, `the simulated devices said ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await heard('mqtt');
  return {
    async fault(device, kind) {
      said = '';
      child.stdin.write(`${device} ${kind}\n`);
      await heard(`${device}=`);
    },
  };
}
