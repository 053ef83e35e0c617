// A picture of each page, for the README: web/pictures holds copies.

import assert from 'node:assert/strict';
import { DESKTOP, PAGES, PHONE, contact, gateway, goodOfEach, overhang, pictures, run } from './page.mjs';

/** A trend shows something after so long. */
const TREND_MS = 45_000;

/** What is taken: where, and how it looks. */
const TAKEN = {
  devices: { path: PAGES.devices },
  device: { path: PAGES.device },
  boards: { path: PAGES.boards, shows: '.sketch rect' },
  board: { path: PAGES.board },
  dark: { path: PAGES.board, scheme: 'dark' },
  chinese: { path: PAGES.board, language: 'zh' },
  phone: { path: PAGES.points, viewport: PHONE, scale: 2 },
};

await run({
  async 'every page'({ open }) {
    await gateway.start();
    const begin = Date.now();
    const home = await open(PAGES.points);
    await contact(home, 'live');
    await goodOfEach(home, ['boiler']);
    // One stream for all, and one history: the pages of this profile know what it knows.
    const trends = await open(`${PAGES.trends}&span=1m`);
    for (const [name, { path, viewport = DESKTOP, shows = 'main [data-look=good]', ...look }] of Object.entries(TAKEN)) {
      const page = await open(path, { viewport, ...look });
      await contact(page, 'live');
      await page.waitForSelector(shows);
      await page.waitForFunction(() => !document.querySelector('main [data-look=lost]:not([data-none=true] *), .canvas [data-look=none]'));
      assert.equal(await overhang(page), 0, name);
      await page.screenshot({ path: `${pictures}/${name}.png` });
      await page.context().close();
    }
    await home.screenshot({ path: `${pictures}/points.png` });
    await home.click('.row[data-key="boiler/supply/setpoint"]');
    await home.click('.details button.write');
    await home.waitForSelector('.write-dialog[data-stage=edit]');
    await home.screenshot({ path: `${pictures}/writing.png` });
    await trends.waitForFunction((end) => Date.now() > end, begin + TREND_MS, { timeout: 2 * TREND_MS, polling: 100 });
    await trends.screenshot({ path: `${pictures}/trends.png` });
    return [...Object.keys(TAKEN), 'points', 'writing', 'trends'].join(', ');
  },
});
