// From page to page without loading one again: by links, by the browser's Back and Forward, and while contact is lost, when
// pages that were not opened before are there, and show nothing as live.

import assert from 'node:assert/strict';
import { DESKTOP, NO_GATEWAY, ahead, contact, drawn, gateway, goodOfEach, liveOn, run } from './page.mjs';

/** Pages in the order in which somebody may go through them: how one gets there, and what is there then, live. */
const WAYS = [
  { name: 'points', path: '/', link: 'nav a[href="/"]', there: '.row[data-look=good]:not(.branch)' },
  { name: 'trends', path: '/trends', link: 'nav a[href="/trends"]', there: '.trends .head' },
  { name: 'devices', path: '/devices', link: 'nav a[href="/devices"]', there: '.devices-table [data-look=good]' },
  { name: 'device', path: '/devices/boiler', link: '.devices-table a[href="/devices/boiler"]', there: '.device-head [data-look=good]' },
  { name: 'boards', path: '/boards', link: 'nav a[href="/boards"]', there: '.cards a[href="/boards/plant"]' },
  { name: 'board', path: '/boards/plant', link: '.cards a[href="/boards/plant"]', there: '.canvas [data-look=good]' },
];
/** Said where a page could not be had. */
const FAILED = 'main > .empty[role=alert]';

let page;
let loads = 0;

/** Waits until the page is at this place, and shows what it has. */
async function at({ name, path, there }) {
  await page.waitForURL((url) => url.pathname === path);
  await page.waitForSelector(there).catch((error) => assert.fail(`${name}: ${error}`));
}

await run({
  async 'by links through all pages'({ open }) {
    await gateway.start();
    page = await open('/', { viewport: DESKTOP });
    page.on('load', () => (loads += 1));
    await goodOfEach(page, ['boiler']);
    for (const way of WAYS) {
      await page.click(way.link);
      await at(way);
    }
    return WAYS.map(({ name }) => name).join(', ');
  },

  async 'Back and Forward'() {
    // The first link led to where one was.
    const back = [...WAYS].reverse().slice(1);
    for (const way of back) {
      await page.goBack();
      await at(way);
    }
    for (const way of WAYS.slice(1)) {
      await page.goForward();
      await at(way);
    }
    assert.equal(loads, 0, 'a page was loaded again');
    return `${back.length} pages each way`;
  },

  async 'Back undoes what was chosen of a table, and a search as a whole'() {
    const query = (wanted) => page.waitForFunction((search) => [...new URLSearchParams(location.search)].map((pair) => pair.join('=')).sort().join('&') === search, wanted);
    await page.click('nav a[href="/"]');
    await at(WAYS[0]);
    await page.click('.choices button >> nth=0');
    await query('troubled=1');
    await page.click('.lamp[title*=boiler]');
    await query('device=boiler&troubled=1');
    await page.fill('#words', 'tem');
    await query('device=boiler&find=tem&troubled=1');
    await page.fill('#words', 'temperature');
    await query('device=boiler&find=temperature&troubled=1');
    for (const before of ['device=boiler&troubled=1', 'troubled=1', '']) {
      await page.goBack();
      await query(before);
    }
    assert.equal(await page.inputValue('#words'), '');
    assert.equal(await page.getAttribute('.choices button >> nth=0', 'aria-pressed'), 'false');
    await page.click('nav a[href="/devices"]');
    await page.click('.states button[data-state=online]');
    await query('state=online');
    await page.goBack();
    await query('');
    await page.goBack();
    await at(WAYS[0]);
    assert.equal(loads, 0, 'a page was loaded again');
    return 'filters, lamps, words, states';
  },

  async 'pages not opened before are there without contact'({ open }) {
    page = await open('/', { viewport: DESKTOP });
    page.on('load', () => (loads += 1));
    await goodOfEach(page, ['boiler']);
    await ahead(page);
    await gateway.kill('SIGKILL');
    await contact(page, 'lost');
    for (const name of ['trends', 'devices', 'boards', 'points']) {
      const { link, path } = WAYS.find((way) => way.name === name);
      await page.click(link);
      await page.waitForURL((url) => url.pathname === path);
      await page.waitForSelector('main :is(h1, h2, .empty, .muted)', { state: 'attached' });
      await drawn(page);
      assert.equal(await page.locator(FAILED).count(), 0, `${name} is not there`);
      assert.deepEqual(await liveOn(page), [], `${name}: something looks live`);
    }
    await page.selectOption('.settings select', 'zh');
    await page.waitForFunction(() => document.documentElement.lang === 'zh');
    assert.match(await page.textContent('.banner .why'), /^[^A-Za-z]+$/);
    await page.goBack();
    await page.waitForURL((url) => url.pathname === '/boards');
    return 'grey, in both languages';
  },

  async 'and become live with the next gateway'() {
    await gateway.start();
    await contact(page, 'live');
    for (const way of WAYS.slice(-2)) {
      if (way.name === 'board') await page.click(way.link);
      await at(way);
    }
    assert.equal(loads, 0, 'a page was loaded again');
    return 'without loading a page again';
  },

  async 'a page whose file could not be had comes when there is contact again'({ browser, open }) {
    const context = await browser.newContext({ viewport: DESKTOP, locale: 'en-US' });
    // It never has the time to load anything ahead.
    await context.addInitScript(() => (globalThis.requestIdleCallback = () => 0));
    page = await open('/', { context });
    page.on('load', () => (loads += 1));
    await goodOfEach(page, ['boiler']);
    await gateway.kill('SIGKILL');
    await contact(page, 'lost');
    await page.click('nav a[href="/devices"]');
    await page.waitForSelector(FAILED);
    await gateway.start();
    await at(WAYS.find(({ name }) => name === 'devices'));
    assert.equal(loads, 0, 'a page was loaded again');
    return 'by itself';
  },
}, { expected: NO_GATEWAY });
