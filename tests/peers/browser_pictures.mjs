// A picture of each page, for the README: web/pictures holds copies.

import assert from 'node:assert/strict';
import { DESKTOP, PAGES, PHONE, contact, drawn, gateway, overhang, pictures, run } from './page.mjs';

/** Pages are open so long before their pictures are taken: a trend is to show something. */
const OPEN_MS = 45_000;

/** What is taken: where, and how it looks. */
const TAKEN = {
  points: { path: PAGES.points },
  trends: { path: `${PAGES.trends}&span=1m` },
  devices: { path: PAGES.devices },
  device: { path: PAGES.device },
  boards: { path: PAGES.boards, shows: '.sketch rect' },
  board: { path: PAGES.board },
  dark: { path: PAGES.board, scheme: 'dark' },
  chinese: { path: PAGES.points, language: 'zh', locale: 'zh-CN' },
  phone: { path: PAGES.points, viewport: PHONE, scale: 2 },
  writing: { path: PAGES.points },
};

async function openDialog(page) {
  await page.click('.row[data-key="boiler/supply/setpoint"]');
  await page.click('.details button.write');
  await page.waitForSelector('.write-dialog[data-stage=edit]');
}

await run({
  async 'every page'({ open }) {
    await gateway.start();
    const begin = performance.now();
    const pages = {};
    for (const [name, { path, viewport = DESKTOP, shows = 'main [data-look=good]', ...look }] of Object.entries(TAKEN)) {
      pages[name] = await open(path, { viewport, ...look });
      await contact(pages[name], 'live');
      await pages[name].waitForSelector(shows);
    }
    await openDialog(pages.writing);
    const left = Math.max(0, OPEN_MS - (performance.now() - begin));
    await pages.trends.waitForFunction((end) => performance.now() > end, await pages.trends.evaluate((ms) => performance.now() + ms, left),
      { timeout: 2 * OPEN_MS, polling: 100 });
    for (const [name, page] of Object.entries(pages)) {
      await page.bringToFront();
      await drawn(page);
      assert.equal(await overhang(page), 0, name);
      await page.screenshot({ path: `${pictures}/${name}.png` });
    }
    return Object.keys(pages).join(', ');
  },
});
