// A device that dies: its points change their shape, by it alone, and change back when it lives.

import assert from 'node:assert/strict';
import { TALL, gateway, goodOfEach, run, simulateApart } from './page.mjs';

const ID = 'boiler/supply/temperature';
const row = (look) => `.row[data-key="${ID}"][data-look=${look}]`;
const shape = (page, look) => page.textContent(`${row(look)} .quality .shape`);

let page;
let devices;
const shapes = new Set();

await run({
  async 'a device that lives'({ open }) {
    devices = await simulateApart();
    await gateway.start();
    page = await open('/', { viewport: TALL });
    await goodOfEach(page);
    shapes.add(await shape(page, 'good'));
    return [...shapes].join();
  },

  async 'a dead device\'s points change their shape'() {
    await devices.fault('boiler', 'silent');
    await page.waitForSelector(row('bad'));
    shapes.add(await shape(page, 'bad'));
    assert.equal(shapes.size, 2);
    await goodOfEach(page, ['greenhouse1', 'scale', 'weather']);
    return [...shapes].join(' → ');
  },

  async 'and are good again with the device'() {
    await devices.fault('boiler', 'ok');
    await page.waitForSelector(row('good'));
    return 'without a reload';
  },
});
