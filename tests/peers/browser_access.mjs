// The dashboard for everybody: axe finds nothing on any page, light and dark, on a phone and a desk, and in what opens
// over a page; no width makes a page scroll sideways; Chinese is spoken throughout.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DESKTOP, PAGES, PHONE, contact, drawn, gateway, notify, overhang, run } from './page.mjs';

const axe = readFileSync(createRequire(`${process.env.POINTCAST_PEERS}/node/`).resolve('axe-core/axe.min.js'), 'utf8');
const SCHEMES = ['light', 'dark'];
const VIEWS = { desk: DESKTOP, phone: PHONE };
/** Down to the narrowest that WCAG 2.2 asks for (1.4.10), up to a wall. */
const WIDTHS = [320, 360, 600, 720, 721, 834, 1024, 1120, 1280, 1920, 3840];

/** What axe finds, in a few words each. */
async function findings(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    // What moves is looked at where it comes to rest.
    for (const animation of document.getAnimations()) if (Number.isFinite(animation.effect?.getComputedTiming().endTime)) animation.finish();
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary}`));
  });
}

/** What is on a page once it shows what it is for; on all others a value that is good. */
const SHOWS = { 'no trends': '.empty', boards: '.sketch rect', device: '.timeline' };

/** The page, once it is live and shows something: an empty one has nothing wrong. */
async function settled(open, name, options) {
  const page = await open(PAGES[name], options);
  await contact(page, 'live');
  await page.waitForSelector('main h1', { state: 'attached' });
  await page.waitForSelector(`main ${SHOWS[name] ?? '[data-look=good]'}`, { state: 'attached' });
  await drawn(page);
  return page;
}

const steps = {
  async 'the gateway runs'() {
    await gateway.start();
    return 'ready';
  },
};

for (const name of Object.keys(PAGES)) {
  steps[`axe on ${name}`] = async ({ open }) => {
    const found = [];
    for (const scheme of SCHEMES) {
      for (const [view, viewport] of Object.entries(VIEWS)) {
        const page = await settled(open, name, { scheme, viewport });
        found.push(...(await findings(page)).map((one) => `${scheme}, ${view}: ${one}`));
        await page.context().close();
      }
    }
    assert.deepEqual(found, []);
    return 'nothing';
  };

  steps[`every width of ${name}`] = async ({ open }) => {
    for (const language of ['en', 'zh']) {
      const page = await settled(open, name, { language });
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        await drawn(page);
        assert.equal(await overhang(page), 0, `${language}: wider than ${width} px`);
      }
      await page.context().close();
    }
    return `${WIDTHS.length} widths`;
  };

  steps[`${name} in Chinese`] = async ({ open }) => {
    const page = await settled(open, name, { language: 'zh', locale: 'zh-CN' });
    await page.waitForFunction(() => document.documentElement.lang === 'zh');
    // Names that people gave are theirs; what the page itself says has Chinese in it.
    const said = await page.evaluate(() => [...document.querySelectorAll('nav a, button, label, legend, thead th, [role=columnheader], [aria-label]')]
      .filter((one) => !one.closest('.canvas, .wall'))
      .map((one) => one.getAttribute('aria-label') ?? one.textContent.trim()));
    const foreign = said.filter((words) => !/[\u4e00-\u9fff]/.test(words) && /[A-Za-z]{3}/.test(words) && !/[/_]|^[a-z]+\d*$/.test(words));
    assert.deepEqual(foreign, []);
    await page.context().close();
    return `${said.length} labels`;
  };
}

steps['the head of a phone'] = async ({ open }) => {
  const found = [];
  for (const language of ['en', 'zh']) {
    const page = await settled(open, 'points', { language, viewport: PHONE });
    for (const width of [320, PHONE.width]) {
      await page.setViewportSize({ width, height: PHONE.height });
      await drawn(page);
      const controls = await page.evaluate(() => [...document.querySelectorAll('.top :is(a, button)')].map((one) => one.getBoundingClientRect().toJSON()));
      const rows = controls.reduce((bottoms, { top, bottom }) => (bottoms.some((one) => top < one) ? bottoms : [...bottoms, bottom]), []);
      assert.ok(rows.length <= 2, `${rows.length} rows`);
      assert.ok(controls.every(({ left, right, width: wide, height }) => left >= 0 && right <= width && wide >= 24 && height >= 24), JSON.stringify(controls));
    }
    await page.click('.to-settings');
    await page.waitForSelector('.settings:popover-open');
    found.push(...(await findings(page)));
    await page.selectOption('.settings select >> nth=1', 'dark');
    await page.waitForFunction(() => document.documentElement.dataset.appearance === 'dark');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.settings', { state: 'hidden' });
    await page.context().close();
  }
  assert.deepEqual(found, []);
  return 'two rows, and all within reach';
};

steps['axe on what opens over a page'] = async ({ open }) => {
  const found = [];
  for (const scheme of SCHEMES) {
    const page = await settled(open, 'points', { scheme });
    for (const severity of ['info', 'warning', 'critical']) await notify(severity, `a ${severity} message`);
    await page.waitForFunction(() => document.querySelectorAll('.toast').length === 3);
    found.push(...(await findings(page)));
    await page.click('.bell');
    await page.waitForSelector('.all-notices:popover-open');
    found.push(...(await findings(page)));
    await page.keyboard.press('Escape');
    await page.click('.row[data-key="boiler/supply/setpoint"]');
    await page.click('.details button.write');
    await page.waitForSelector('.write-dialog[data-stage=edit]');
    found.push(...(await findings(page)));
    await page.keyboard.press('Enter');
    await page.waitForSelector('.write-dialog[data-stage=confirm]');
    found.push(...(await findings(page)));
    await page.context().close();
  }
  assert.deepEqual(found, []);
  return 'notices, details, writing';
};

await run(steps);
