// Messages on the dashboard: as text, the most serious first, told at once, put away by hand or by themselves, and kept
// in the list behind the bell.

import assert from 'node:assert/strict';
import { PHONE, contact, gateway, goodOfEach, notify, run } from './page.mjs';

/** What is only told goes by itself after 10 s. */
const INFO_MS = 10_000;

let page;
const toasts = () => page.evaluate(() => [...document.querySelectorAll('.toast .text')].map((text) => text.textContent));
const count = (wanted) => page.waitForFunction((many) => document.querySelectorAll('.toast').length === many, wanted);

await run({
  async 'as text, the most serious first'({ open }) {
    await gateway.start();
    page = await open('/');
    await contact(page, 'live');
    await notify('critical', 'leave the hall');
    await notify('warning', 'low water');
    await notify('info', '<img src="x"><b>bold</b>');
    await count(3);
    assert.deepEqual(await toasts(), ['leave the hall', 'low water', '<img src="x"><b>bold</b>']);
    assert.equal(await page.evaluate(() => document.querySelectorAll('.toast :is(img, b)').length), 0);
    assert.equal(await page.textContent('[aria-live=polite]'), 'Info: <img src="x"><b>bold</b>');
    assert.match(await page.getAttribute('.bell', 'aria-label'), /3 not seen/);
    return 'three';
  },

  async 'what is critical is told to who hears the page at once'() {
    await notify('critical', 'now');
    await page.waitForFunction(() => document.querySelector('[aria-live=assertive]').textContent === 'Critical: now');
    assert.match(await page.textContent('.toasts .more'), /^1 more/);
    return 'assertively';
  },

  async 'put away by the keyboard, which keeps its place'() {
    await page.focus('.toast button');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => !document.querySelector('.toasts .more'));
    assert.ok(await page.evaluate(() => document.activeElement.matches('.toast button')), 'the keyboard lost its place');
    return (await toasts()).join(', ');
  },

  async 'what is only told stays under a pointer, and goes by itself'() {
    await page.evaluate(() => {
      for (const button of document.querySelectorAll('.toast:not([data-severity=warning]) button')) button.click();
      document.activeElement.blur();
    });
    await count(1);
    const begin = performance.now();
    for (const one of ['held', 'another']) await notify('info', one);
    await count(3);
    await page.hover('.toast >> text=held');
    assert.deepEqual(await toasts(), ['low water', 'another', 'held']);
    // What nobody points at is gone, though it came later.
    await count(2);
    const took = performance.now() - begin;
    assert.deepEqual(await toasts(), ['low water', 'held']);
    assert.ok(took >= INFO_MS, `gone after ${Math.round(took)} ms`);
    await page.mouse.move(5, 700);
    await count(1);
    assert.deepEqual(await toasts(), ['low water']);
    return `after ${Math.round(took)} ms`;
  },

  async 'all of the visit is behind the bell'() {
    await page.click('.bell');
    await page.waitForSelector('.all-notices:popover-open');
    const all = await page.evaluate(() => [...document.querySelectorAll('.all-notices .text')].map((text) => text.textContent));
    assert.deepEqual(all, ['another', 'held', 'now', '<img src="x"><b>bold</b>', 'low water', 'leave the hall']);
    assert.match(await page.textContent('.all-notices .origin'), /from .* · .*\d/);
    assert.equal(await page.getAttribute('.bell', 'aria-label'), 'Notices');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.all-notices', { state: 'hidden' });
    return `${all.length} of them`;
  },

  async 'over a dialog they can be read and put away'({ open }) {
    // On a phone the details are a dialog too, under the one that writes.
    page = await open('/?points=boiler/supply/*', { viewport: PHONE });
    await goodOfEach(page, ['boiler']);
    await notify('warning', 'before');
    await count(1);
    await page.click('.row[data-key="boiler/supply/setpoint"]');
    await page.click('.details button.write');
    await page.waitForSelector('.write-dialog[data-stage=edit]');
    assert.ok(await page.evaluate(() => [...document.querySelectorAll('dialog')].every((one) => one.scrollWidth <= one.clientWidth)), 'a dialog is cut');
    await notify('warning', 'meanwhile');
    await count(2);
    assert.equal(await page.textContent('.write-dialog [aria-live=polite]'), 'Warning: meanwhile');
    for (const left of [1, 0]) {
      await page.click('.toast button >> nth=0');
      await count(left);
    }
    assert.ok(await page.evaluate(() => document.activeElement.closest('.write-dialog') !== null), 'the keyboard lost its place');
    await notify('critical', 'at last');
    await count(1);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.write-dialog', { state: 'detached' });
    assert.ok(await page.isVisible('dialog.details .toast'));
    await page.goBack();
    await page.waitForSelector('dialog', { state: 'detached' });
    await page.click('.toast button');
    await count(0);
    return 'in two of them, and after them';
  },
});
