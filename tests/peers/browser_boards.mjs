// A board that is arranged by hand: dragged, resized and moved by the keyboard, kept on the gateway, the same after a reload
// and for everybody else; and two people at once lose nothing without a question.

import assert from 'node:assert/strict';
import { contact, gateway, run } from './page.mjs';

const BOARD = '/boards/plant';
const NARROW = { width: 1280, height: 1_000 };

let page;

const button = (on, name) => on.getByRole('button', { name, exact: true });

/** Where tiles stand: left, top, width and height in whole pixels, in an order of its own. */
const places = (on) => on.evaluate(() => {
  // What glides is looked at where it comes to rest.
  for (const animation of document.getAnimations()) animation.finish();
  return [...document.querySelectorAll('.canvas .place')].map((place) => {
    const { left, top } = place.parentElement.getBoundingClientRect();
    const box = place.getBoundingClientRect();
    return [box.left - left, box.top - top, box.width, box.height].map(Math.round);
  }).sort();
});

/** The tiles' boxes as the gateway keeps them. */
const kept = async () => (await page.evaluate(() => fetch('/api/v1/boards/plant').then((answer) => answer.json()))).tiles
  .map(({ x, y, w, h }) => [x, y, w, h]);

async function openBoard(open, options) {
  const opened = await open(BOARD, { viewport: NARROW, ...options });
  await contact(opened, 'live');
  await opened.waitForSelector('.canvas .place');
  return opened;
}

async function arrange(on) {
  await button(on, 'Arrange').click();
  await on.waitForSelector('.grip');
}

/** Drags from the middle of an element by so many pixels, as a hand does. */
async function drag(on, element, right, down) {
  const box = await element.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await on.mouse.move(x, y);
  await on.mouse.down();
  await on.mouse.move(x + right / 2, y + down / 2, { steps: 5 });
  await on.mouse.move(x + right, y + down, { steps: 5 });
  await on.mouse.up();
}

async function save(on) {
  await button(on, 'Save').click();
  await on.waitForFunction(() => document.querySelector('.tools button.main').disabled);
}

await run({
  async 'a tile is dragged to another place'({ open }) {
    await gateway.start();
    page = await openBoard(open);
    const before = await kept();
    await arrange(page);
    const shown = await places(page);
    const grip = page.locator('.grip').first();
    const { width, height } = await grip.boundingBox();
    await drag(page, grip, width * 1.2, height * 1.5);
    const dragged = await places(page);
    assert.notDeepEqual(dragged, shown, 'nothing was moved');
    assert.deepEqual(await kept(), before, 'it was kept before it was saved');
    await save(page);
    assert.notDeepEqual(await kept(), before);
    return `${before.length} tiles`;
  },

  async 'it is there after a reload'({ open }) {
    const before = await kept();
    await button(page, 'Done').click();
    const shown = await places(page);
    await page.reload();
    await page.waitForSelector('.canvas .place');
    await page.waitForFunction((wanted) => document.querySelectorAll('.canvas .place').length === wanted, shown.length);
    assert.deepEqual(await places(page), shown);
    assert.deepEqual(await kept(), before);
    const other = await openBoard(open);
    assert.deepEqual(await places(other), shown, 'somebody else sees another');
    await other.context().close();
    return 'and for everybody else';
  },

  async 'the keyboard moves and resizes'() {
    await arrange(page);
    const before = await places(page);
    await page.focus('.grip');
    for (const key of ['ArrowDown', 'ArrowRight', 'Shift+ArrowDown']) await page.keyboard.press(key);
    const moved = await places(page);
    assert.notDeepEqual(moved, before);
    await button(page, 'Undo').click();
    await button(page, 'Undo').click();
    await button(page, 'Undo').click();
    assert.deepEqual(await places(page), before, 'it cannot be taken back');
    return 'and it can be taken back';
  },

  async 'of two who arrange, the second is asked'({ open }) {
    const other = await openBoard(open);
    await arrange(other);
    for (const [on, key] of [[page, 'ArrowDown'], [other, 'ArrowRight']]) {
      await on.focus('.grip');
      await on.keyboard.press(`Shift+${key}`);
    }
    await save(page);
    await button(other, 'Save').click();
    await other.getByText('Somebody else has saved this board meanwhile').waitFor();
    await button(other, 'Load theirs').click();
    await other.waitForFunction(() => !document.querySelector('dialog[open]'));
    assert.deepEqual(await places(other), await places(page));
    await other.context().close();
    return 'and takes the other’s';
  },
}, { expected: /status of 412/ });
