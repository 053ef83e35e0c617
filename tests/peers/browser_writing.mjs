// A setpoint through the dialog: held against its range, confirmed, written, seen in the table; refused and unanswered
// writes say what is known of the device.

import assert from 'node:assert/strict';
import { NO_GATEWAY, address, contact, drawn, gateway, goodOfEach, read, run, simulateApart } from './page.mjs';

const ID = 'boiler/supply/setpoint';
const SWITCH = 'boiler/pump/on';
const DIALOG = '.write-dialog';
const FIELD = `${DIALOG} .steps input`;

let page;
let devices;

const stage = (at) => page.waitForSelector(`${DIALOG}[data-stage=${at}]`);
const text = (part) => page.textContent(`${DIALOG} ${part}`);
/** Whichever it is by the hour, the boiler's setpoint is then known. */
async function writeFirst(value) {
  const body = JSON.stringify({ point: ID, value });
  const answer = await fetch(`http://${address}/api/v1/writes`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  assert.equal((await answer.json()).verdict, 'applied');
}
const shown = (id, value) => page.waitForFunction(([key, wanted]) =>
  document.querySelector(`.row[data-key="${key}"][data-look=good] .number`)?.textContent === wanted, [id, value]);

async function openDialog(id) {
  await page.click(`.row[data-key="${id}"]`);
  await page.waitForFunction((wanted) => document.querySelector('#details-title')?.textContent === wanted, id);
  await page.click('.details button.write');
  await stage('edit');
}

async function giveAndConfirm(value) {
  await page.fill(FIELD, value);
  await page.keyboard.press('Enter');
  await stage('confirm');
}

async function send() {
  await page.click(`${DIALOG} button.send`);
  await stage('done');
}

async function close() {
  await page.keyboard.press('Escape');
  await page.waitForSelector(DIALOG, { state: 'detached' });
}

await run({
  async 'the dialog begins with the value now'({ open }) {
    devices = await simulateApart();
    await gateway.start();
    page = await open('/?points=boiler/**', { viewport: { width: 1280, height: 1_200 } });
    await goodOfEach(page, ['boiler']);
    await writeFirst(66);
    await shown(ID, '66.0');
    await openDialog(ID);
    await page.waitForFunction((field) => document.querySelector(field).value === '66.0', FIELD);
    assert.match(await text('.now'), /66\.0 °C.*good/);
    return page.inputValue(FIELD);
  },

  async 'what is outside the range, or can be read in two ways, is not sent'() {
    for (const [typed, says] of [['95.1', 'Give 20 to 95 °C.'], ['61,5', 'Write decimals with “.”'], ['', 'Give a value.'], ['warm', 'not a number']]) {
      await page.fill(FIELD, typed);
      await page.keyboard.press('Enter');
      await page.waitForFunction(([field, words]) => document.querySelector(field).textContent.includes(words), [`${DIALOG} .wrong`, says]);
      assert.equal(await page.getAttribute(DIALOG, 'data-stage'), 'edit');
    }
    await page.fill(FIELD, '61.5');
    await page.keyboard.press('ArrowUp');
    assert.equal(await page.inputValue(FIELD), '61.6');
    return 'four';
  },

  async 'a setpoint is confirmed, written, and seen in the table'() {
    await giveAndConfirm('61.5');
    const asked = await text('.change');
    for (const word of [ID, '66.0 °C', '61.5 °C']) assert.ok(asked.includes(word), asked);
    assert.equal((await read(ID)).value, 66, 'it was sent before it was confirmed');
    // Enter held down does not confirm.
    await page.keyboard.press('Enter');
    assert.equal(await page.getAttribute(DIALOG, 'data-stage'), 'confirm');
    await send();
    assert.match(await text('.outcome'), /Applied.*61\.5 °C/);
    await close();
    await shown(ID, '61.5');
    return 'applied';
  },

  async 'a device that keeps another value is told'() {
    await openDialog(ID);
    await giveAndConfirm('85');
    await send();
    assert.match(await text('.outcome[data-kind=mismatch]'), /another value.*70 °C/);
    await close();
    await shown(ID, '70.0');
    return 'mismatch';
  },

  async 'a switch'() {
    await openDialog(SWITCH);
    await page.check(`${DIALOG} input[value=false]`);
    await page.click(`${DIALOG} button[type=submit]`);
    await stage('confirm');
    await send();
    assert.match(await text('.outcome'), /Applied/);
    await close();
    await shown(SWITCH, 'no');
    return 'off';
  },

  async 'of a device that says nothing it is told whether it may have it all the same'() {
    await openDialog(ID);
    await giveAndConfirm('60');
    await devices.fault('boiler', 'silent');
    const answered = page.waitForResponse((answer) => answer.url().endsWith('/writes'));
    await send();
    // Which of the two it is depends on what the line is busy with.
    const { sent, detail } = await (await answered).json();
    assert.equal(await page.getAttribute(`${DIALOG} .outcome`, 'data-kind'), sent ? 'perhaps' : 'never');
    assert.match(await text('.outcome'), sent ? /may have the value all the same/ : /Nothing was sent/);
    assert.ok((await text('.outcome')).includes(detail));
    await close();
    await devices.fault('boiler', 'ok');
    await page.waitForSelector(`.row[data-key="${ID}"][data-look=good]`);
    return sent ? 'it was sent' : 'it was not sent';
  },

  async 'an answer that is lost on the way is no refusal'() {
    await page.route('**/api/v1/writes', (route) => route.abort());
    await openDialog(ID);
    await giveAndConfirm('60');
    await send();
    assert.match(await text('.outcome[data-kind=perhaps]'), /No answer.*may have the value all the same/s);
    await close();
    await page.unroute('**/api/v1/writes');
    return 'not known';
  },

  async 'without contact nothing can be sent, and the dialog says why'() {
    await openDialog(ID);
    await giveAndConfirm('62');
    await gateway.kill('SIGKILL');
    await contact(page, 'lost');
    await page.waitForSelector(`${DIALOG} button.send:disabled`);
    await drawn(page);
    assert.match(await text('.wrong'), /no contact/);
    assert.match(await text('.now'), /not live/);
    await close();
    assert.ok(await page.isDisabled('.details button.write'));
    await gateway.start();
    await contact(page, 'live');
    await page.waitForSelector('.details button.write:enabled');
    return 'and the button too';
  },
}, { expected: NO_GATEWAY });
