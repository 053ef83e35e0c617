// Finding points: by pattern without a new stream, by words, by the keyboard; a point's details, which say when it was
// read; and a device that is not there, whose cause is told whole.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TALL, config, contact, drawn, gateway, goodOfEach, moves, overhang, rows, run } from './page.mjs';

const PATTERN = 'input[name=pattern]';
const CAUSE = 'No such file or directory';
const WIDTHS = [320, 600, 834, 1280, 1920];

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

let page;

const ask = async (pattern) => {
  await page.fill(PATTERN, pattern);
  await page.press(PATTERN, 'Enter');
};

/** Waits until there are rows, and all are such. */
const only = (part) => page.waitForFunction((wanted) => {
  const keys = [...document.querySelectorAll('.row[data-key]:not(.branch)')].map((row) => row.dataset.key);
  return keys.length > 0 && keys.every((key) => key.includes(wanted));
}, part);

await run({
  async 'a pattern changes the rows without a new stream'({ open }) {
    writeFileSync(join(dirname(config), 'site.d/tank.toml'), FAULTY);
    await gateway.start();
    page = await open('/', { viewport: TALL });
    await goodOfEach(page);
    await ask('boiler/**');
    await only('boiler/');
    await moves(page, ['boiler']);
    const few = Object.keys(await rows(page)).length;
    assert.match(page.url(), /points=boiler/);
    await ask('');
    await goodOfEach(page);
    assert.equal(await gateway.streams(), 1);
    return `${few} rows of ${Object.keys(await rows(page)).length}`;
  },

  async 'a wrong pattern is refused with its reason, and words find points'() {
    await ask('boi*');
    await page.waitForFunction(() => document.querySelector('#pattern-note').textContent.includes('boi*'));
    assert.equal(await page.getAttribute(PATTERN, 'aria-invalid'), 'true');
    await ask('');
    await page.fill('#words', 'scale');
    await only('scale');
    await page.fill('#words', 'nothing of that kind');
    await page.waitForSelector('.empty h2');
    const taught = await page.textContent('.empty h2');
    await page.fill('#words', '');
    await goodOfEach(page);
    return taught;
  },

  async 'the keyboard reaches a point and its details, which say when it was read'() {
    await page.focus('.grid');
    for (let at = 0; at < 3; at += 1) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.details');
    const read = () => page.evaluate(() => [...document.querySelectorAll('.details dt')].find((term) => term.textContent === 'Read')?.nextElementSibling.textContent.split(', ')[0]);
    await page.waitForFunction(() => /Read\d/.test(document.querySelector('.details .facts').textContent));
    const first = await read();
    await page.waitForFunction((before) => !document.querySelector('.details .facts').textContent.includes(`Read${before}`), first);
    const title = await page.textContent('#details-title');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.details', { state: 'detached' });
    assert.ok(await page.evaluate(() => document.activeElement.closest('.grid')), 'the keyboard lost its place');
    return title;
  },

  async 'a device that is not there is told with its cause, on windows of every width'({ open }) {
    const other = await open('/?points=tank/**', { viewport: { width: 1280, height: 900 } });
    await contact(other, 'live');
    await other.waitForSelector('.row[data-look=bad]:not(.branch)');
    await other.waitForFunction((cause) => document.querySelector('.lamp[data-state=offline]')?.textContent.includes(cause), CAUSE);
    for (const width of WIDTHS) {
      await other.setViewportSize({ width, height: 900 });
      await drawn(other);
      assert.equal(await overhang(other), 0, `wider than ${width} px`);
    }
    await other.click('.row[data-look=bad]:not(.branch)');
    await other.waitForFunction((cause) => document.querySelector('.details .says')?.textContent.includes(cause), CAUSE);
    const says = await other.textContent('.details .says');
    assert.match(says, /\/dev\/serial\/by-id\/usb-Of_No_Maker/);
    return says;
  },
});
