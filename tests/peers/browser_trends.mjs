// Trends: lines of several points, live; looked at closer by mouse and keys; a crosshair that says what all of them were;
// a gap where a device was silent; and the same as a table, held against what the gateway told meanwhile.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { onDisk, until } from './client_tools.mjs';
import { address, drawn, gateway, run, simulateApart } from './page.mjs';

const FLUE = 'boiler/flue/temperature';
const RETURN = 'boiler/return/temperature';
const WIND = 'weather/wind/speed';
const IDS = [FLUE, RETURN, WIND];
const SPAN_MS = 40_000;
/** A pointer comes down on a whole pixel. */
const PIXELS = 2;
/** A view begins and ends at whole milliseconds. */
const ROUNDED_MS = 1;

let page;
let devices;
/** What the gateway told of the boiler's points: id, time, value. */
const told = new Set();
let gap;

const entry = (id) => `.legend li[data-id="${id}"]`;
const are = (look, ids) => Promise.all(ids.map((id) => page.waitForSelector(`${entry(id)}[data-look=${look}]`)));
const shown = (id) => page.textContent(`${entry(id)} .value`).then((text) => text.trim());
const becomesOther = (id, than) => page.waitForFunction(([row, before]) =>
  document.querySelector(row).textContent.trim() !== before, [`${entry(id)} .value`, than]);
const isNear = (one, other, exact) => assert.ok(Math.abs(one - other) <= exact, `${one} is not about ${other}`);
async function press(key) {
  await page.focus('.plane');
  await page.keyboard.press(key);
}
const toLive = () => page.getByRole('button', { name: 'Back to live' });

/** Notes every change of the boiler's points that the gateway tells. */
async function follow() {
  const { connect } = await import(await onDisk());
  connect({ url: `http://${address}` }).watch([FLUE, RETURN], (news) => {
    for (const { id, time, value } of news) told.add(JSON.stringify([id, time, value]));
  });
}

/** What is in sight, as a file: its rows by time, and from when to when they are. */
async function table() {
  const begun = page.waitForEvent('download');
  await page.click('.tools .export');
  const download = await begun;
  const text = readFileSync(await download.path(), 'utf8');
  const [head, ...lines] = text.trimEnd().split('\r\n');
  const rows = lines.map((line) => line.split(',')).map(([time, ...cells]) => ({ time: Date.parse(time), cells }));
  assert.ok(rows.every(({ time, cells }) => time > 0 && cells.length === IDS.length), text);
  const [from, to] = [rows[0].time, rows.at(-1).time];
  return { name: download.suggestedFilename(), head, rows, from, to, spanMs: to - from };
}

/** The cells that stood at a time, as the legend shows numbers. */
const cellsAt = ({ rows }, time) => rows.findLast((row) => row.time <= time).cells.map((cell) => (cell === '' ? '—' : Number(cell).toFixed(1)));

/** From when to when the table has nothing of the boiler. */
function gapOf({ rows }) {
  const known = rows.findIndex(({ cells: [flue] }) => flue !== '');
  const begin = rows.findIndex(({ cells: [flue] }, at) => at > known && flue === '');
  const end = rows.findIndex(({ cells: [flue, back] }, at) => at > begin && (flue !== '' || back !== ''));
  assert.ok(known >= 0 && begin > known && end > begin, JSON.stringify(rows));
  return { begin: rows[begin].time, end: rows[end].time, inside: rows.slice(begin, end) };
}

/** When a point became which value. */
function changesOf({ rows }, id) {
  const cells = rows.map((row) => row.cells[IDS.indexOf(id)]);
  return rows.map(({ time }, at) => ({ time, value: Number(cells[at]), isNew: cells[at] !== '' && cells[at] !== cells[at - 1] })).filter(({ isNew }) => isNew);
}

/** Where a part of what is in sight is on the screen. */
async function placeOf(part) {
  const { x, y, width, height } = await page.locator('.plane .u-over').first().boundingBox();
  return { at: [x + part * width, y + height / 2], exact: PIXELS / width };
}

async function drag(from, to) {
  const [begin, middle, end] = await Promise.all([from, (from + to) / 2, to].map(placeOf));
  await page.mouse.move(...begin.at);
  await page.mouse.down();
  for (const { at } of [middle, end]) await page.mouse.move(...at, { steps: 3 });
  await page.mouse.up();
}

/** What the legend says of each point with the mouse where a time is. */
async function crossed({ from, spanMs }, time) {
  await page.mouse.move(...(await placeOf((time - from) / spanMs)).at);
  await page.waitForFunction(() => document.querySelector('.moment').textContent.startsWith('Values at'));
  await drawn(page);
  return (await Promise.all(IDS.map(shown))).map((text) => text.split(' ')[0]);
}

/** How many pixels of the first chart have the colour of a point's line, where a time is. */
const inked = (id, { from, spanMs }, time) => page.evaluate(([sample, part]) => {
  const chart = document.querySelector('.chart');
  const wanted = getComputedStyle(chart.querySelector(sample)).stroke.match(/\d+/g).map(Number);
  const canvas = chart.querySelector('canvas');
  const [whole, over] = [canvas, chart.querySelector('.u-over')].map((one) => one.getBoundingClientRect());
  const x = Math.round((over.left - whole.left + over.width * part) * (canvas.width / whole.width));
  const { data } = canvas.getContext('2d').getImageData(x, 0, 1, canvas.height);
  const isInk = (at) => wanted.every((one, channel) => Math.abs(data[at + channel] - one) < 40) && data[at + 3] > 200;
  return Array.from({ length: canvas.height }, (_, at) => at * 4).filter(isInk).length;
}, [`li[data-id="${id}"] .sample line`, (time - from) / spanMs]);

await run({
  async 'lines of several points, live'({ open }) {
    devices = await simulateApart();
    await gateway.start();
    await follow();
    page = await open(`/trends?points=${IDS}&span=${SPAN_MS / 1_000}s`);
    await are('good', IDS);
    assert.equal(await page.locator('.chart').count(), 2, 'a chart for each unit');
    await page.waitForFunction((text) => document.querySelector('.moment').textContent === text, 'Values are those of now.');
    const first = await Promise.all(IDS.map(shown));
    await Promise.all([FLUE, WIND].map((id) => becomesOther(id, first[IDS.indexOf(id)])));
    await becomesOther(FLUE, await shown(FLUE));
    return first.join(', ');
  },

  async 'a device is silent for a while, and the others go on'() {
    await devices.fault('boiler', 'silent');
    await are('bad', [FLUE, RETURN]);
    await becomesOther(WIND, await shown(WIND));
    await becomesOther(WIND, await shown(WIND));
    await devices.fault('boiler', 'ok');
    await are('good', IDS);
    for (const id of [WIND, FLUE, WIND]) await becomesOther(id, await shown(id));
    return `${told.size} values told meanwhile`;
  },

  async 'the table has what the gateway told, and nothing of the gap'() {
    await drag(0.02, 0.98);
    await toLive().waitFor();
    const all = await table();
    assert.match(all.name, /^trends_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.csv$/);
    assert.equal(all.head, `\ufefftime,${FLUE} (°C),${RETURN} (°C),${WIND} (m/s)`);
    gap = gapOf(all);
    assert.ok(gap.inside.every(({ cells: [flue, back, wind] }) => flue === '' && back === '' && wind !== ''), 'the wind has no gap');
    assert.ok(new Set(gap.inside.map(({ cells }) => cells[2])).size > 1, 'the wind stood still');
    const changes = changesOf(all, FLUE).filter(({ time }) => time > all.from && time < gap.begin);
    assert.ok(changes.length >= 2, `${changes.length} changes`);
    for (const { time, value } of changes) assert.ok(told.has(JSON.stringify([FLUE, time, value])), `the gateway told no ${value} of ${time}`);
    return `${all.rows.length} rows, ${changes.length} changes compared, a gap of ${gap.end - gap.begin} ms`;
  },

  async 'dragging looks closer, and what is looked at stands still'() {
    const all = await table();
    const wanted = { from: gap.begin - 700, to: gap.end + 200 };
    await drag((wanted.from - all.from) / all.spanMs, (wanted.to - all.from) / all.spanMs);
    const near = await table();
    const exact = (await placeOf(0)).exact * all.spanMs;
    for (const end of ['from', 'to']) assert.ok(Math.abs(near[end] - wanted[end]) <= exact, `${end} is ${near[end] - wanted[end]} ms off`);
    await page.mouse.move(0, 0);
    await becomesOther(WIND, await shown(WIND));
    const still = await table();
    assert.deepEqual([still.from, still.to], [near.from, near.to]);
    return `${all.spanMs} → ${near.spanMs} ms`;
  },

  async 'one crosshair says what all of them were, and that nothing was known in the gap'() {
    const near = await table();
    const middle = (gap.begin + gap.end) / 2;
    for (const time of [gap.begin - 400, middle]) assert.deepEqual(await crossed(near, time), cellsAt(near, time));
    assert.equal((await crossed(near, middle))[0], '—');
    const lefts = await page.$$eval('.u-cursor-x', (all) => all.map((one) => one.getBoundingClientRect().left));
    assert.equal(lefts.length, 2);
    assert.ok(Math.abs(lefts[0] - lefts[1]) < 1 && lefts[0] > 0, `crosshairs at ${lefts}`);
    await page.mouse.move(0, 0);
    await drawn(page);
    assert.ok(await inked(FLUE, near, gap.begin - 400), 'there is no line');
    assert.equal(await inked(FLUE, near, middle), 0, 'a line across the gap');
    return 'and no line is drawn there';
  },

  async 'the address says which stretch it is, for Back and for others'() {
    const near = await table();
    await page.waitForURL(/until=/);
    const { searchParams } = new URL(page.url());
    assert.equal(Number.parseInt(searchParams.get('span'), 10), near.spanMs);
    assert.equal(Date.parse(searchParams.get('until')), near.to);
    await page.click('header a[href="/devices"]');
    await page.waitForURL(/devices/);
    await page.goBack();
    await are('good', IDS);
    const again = await table();
    for (const end of ['from', 'to']) assert.equal(again[end], near[end]);
    assert.deepEqual(gapOf(again), gapOf(near));
    return searchParams.get('span');
  },

  async 'what was is there after a reload, and in another tab, with a gap in between'({ open }) {
    const address = page.url();
    const near = await table();
    await page.reload();
    await are('good', IDS);
    await until('what was kept', async () => (await table()).rows.length > 2);
    assert.deepEqual(gapOf(await table()), gapOf(near));
    await press('End');
    await toLive().waitFor({ state: 'detached' });
    const { rows } = await table();
    const blank = rows.findIndex(({ cells }, at) => at > 0 && cells.every((cell) => cell === ''));
    assert.ok(rows[blank - 1].cells.every((cell) => cell !== ''), 'nothing was known before the reload');
    assert.ok(rows[blank].time > gap.end && rows.slice(blank + 1).some(({ cells }) => cells.every((cell) => cell !== '')), 'no gap');
    const first = page;
    // A tab with another choice of points, and its reload, take nothing away.
    const other = await open(`/trends?points=${WIND}`, { context: first.context() });
    await other.waitForSelector(`${entry(WIND)}[data-look=good]`);
    await other.reload();
    await other.waitForSelector(`${entry(WIND)}[data-look=good]`);
    await other.close();
    page = await open(address.replace(/^.*?(?=\/trends)/, ''), { context: first.context() });
    await are('good', IDS);
    await until('what was kept', async () => (await table()).rows.length > 2);
    assert.deepEqual(gapOf(await table()), gapOf(near));
    assert.equal(await page.textContent('.said'), '');
    await first.close();
    return `${rows[blank + 1].time - rows[blank].time} ms`;
  },

  async 'a link to what is not kept here says so'({ open }) {
    const other = await open(`/trends?points=${FLUE}&span=1m&until=2020-02-29T12:00:00Z`);
    await other.getByRole('status').filter({ hasText: /Nothing is known here of Feb 29, 2020.* to Feb 29, 2020/ }).waitFor();
    assert.match(await other.textContent('.moment'), /Lines from Feb 29/);
    await other.getByRole('button', { name: 'Back to live' }).click();
    await other.waitForFunction(() => document.querySelector('.said').textContent === '');
    await other.context().close();
    return 'and leads back to live';
  },

  async 'keys and Shift move, zoom, read, and come back to live'() {
    const before = await table();
    await press('ArrowLeft');
    const earlier = await table();
    isNear(earlier.spanMs, before.spanMs, ROUNDED_MS);
    isNear(before.to - earlier.to, before.spanMs * 0.2, ROUNDED_MS);
    await press('+');
    const nearer = await table();
    isNear(nearer.spanMs, before.spanMs / 1.6, ROUNDED_MS);
    await press('Shift+ArrowLeft');
    await press('Shift+ArrowLeft');
    assert.deepEqual((await Promise.all(IDS.map(shown))).map((text) => text.split(' ')[0]), cellsAt(nearer, nearer.from + 0.98 * nearer.spanMs));
    await page.keyboard.down('Shift');
    await drag(0.4, 0.5);
    await page.keyboard.up('Shift');
    const moved = await table();
    isNear(nearer.to - moved.to, nearer.spanMs * 0.1, (await placeOf(0)).exact * nearer.spanMs);
    await press('End');
    await toLive().waitFor({ state: 'detached' });
    await page.mouse.move(0, 0);
    await page.waitForFunction((text) => document.querySelector('.moment').textContent === text, 'Values are those of now.');
    return 'by both';
  },
});
