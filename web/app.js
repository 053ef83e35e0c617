// The page: joins the stream, what is held, the filters and what is drawn. Everything is drawn in one go per
// animation frame, however many events came, and once a second for the ages.

import { Catalog } from './catalog.js';
import { GatewayClock } from './clock.js';
import { isLive } from './connection.js';
import { Contact } from './contact.js';
import { Details } from './details.js';
import { NOT_LIVE, QUALITY, causeText } from './format.js';
import { Lamps, inTrouble } from './lamps.js';
import { Notices } from './notices.js';
import { matcher, parsePatterns } from './pattern.js';
import { Points, deviceOf, devices, listing } from './points.js';
import { Shelf } from './shelf.js';
import { Stream } from './stream.js';
import { Table } from './table.js';

/** Followed whatever the reader asks for: the lamps, and what the gateway is called (older ones do not say). */
const LAMPS = ['$devices/*/state', '$devices/*/last_error'];
const NAME = '$gateway/name';
const EVERYTHING = '**';
const TICK_MS = 1_000;
/** Asks for the gateway's time this often, for streams so busy that no heartbeat ever comes. */
const CLOCK_MS = 300_000;

const $ = (id) => document.getElementById(id);
const points = new Points();
const notices = new Notices();
const clock = new GatewayClock();
const filter = { selected: matcher([EVERYTHING]), words: [], device: null, troubled: false, closed: new Set() };
let current; // the patterns the reader asks for
let accepted = []; // those of them that the gateway last took
let drawnShape = -1;
let frame = null;
let changes = 0;
let counted = { good: 0, uncertain: 0, bad: 0 };
let drawnCounts = '';

const catalog = new Catalog(points, (date, asked, seen) => clock.date(date, asked, seen), later);
const stream = new Stream(followed(readAddress()), onStep);
const contact = new Contact($('contact'), $('banner'), {
  onRetry: () => stream.feed({ type: 'retry' }),
  onTakeOver: () => stream.feed({ type: 'takeOver' }),
});
const table = new Table($('grid'), $('rows'), read, {
  onOpen: (id) => (details.open(id), later()),
  onFold: (group) => (toggle(filter.closed, group), relist()),
  onScroll: later,
});
const details = new Details($('details'), readWhole, later);
const shelf = new Shelf($('notices'), (key) => (key === null ? notices.dismissAll() : notices.dismiss(key), later()));
const lamps = new Lamps($('lamps'), (name) => chooseDevice(filter.device === name ? null : name));

function followed(patterns) {
  return [...new Set([...patterns, ...LAMPS, NAME])];
}

function read(id) {
  const sample = points.sample(id);
  return { sample, meta: points.meta(id), live: sample !== undefined && isLive(stream.state, sample.connection) };
}

/** The same, with what its device complains about. */
function readWhole(id) {
  return { ...read(id), error: points.sample(`$devices/${deviceOf(points, id)}/last_error`)?.value };
}

/** One step of the stream: an effect on what is held, or (null) the new state alone. */
function onStep(state, effect, seen) {
  if (effect !== null) EFFECTS[effect.do](effect, state, seen);
  else if (state.telling === null && state.refusal === null && state.told === state.wanted) accepted = current;
  later();
}

const EFFECTS = {
  drop: () => points.drop(),
  keep: (effect) => points.keep(matcher(effect.points)),
  forget: ({ ids }) => points.forget(ids),
  catalog: (_effect, state) => catalog.want(state.wanted, true),
  stamp: ({ time }, _state, seen) => clock.stamp(time, seen),
  notice: ({ notice, epoch }) => notices.take(notice, epoch),
  apply(effect, state, seen) {
    points.apply(effect.points, state.connection);
    changes += effect.changes;
    for (const point of effect.points) if (point.quality === 'good' && point.time) clock.source(point.time, seen);
  },
};

function later() {
  frame ??= requestAnimationFrame(draw);
}

function relist() {
  drawnShape = -1;
  later();
}

function draw() {
  frame = null;
  const { state } = stream;
  const now = performance.now();
  const gatewayNow = clock.at(now);
  drawRefusal(state);
  if (points.shape !== drawnShape) {
    drawnShape = points.shape;
    const { rows, counts } = listing(points, filter);
    table.setRows(rows);
    counted = counts;
    drawEmpty(rows, state);
  }
  drawCounts(['live', 'catching'].includes(state.phase));
  table.draw(gatewayNow);
  const lampOf = ({ name, state: sample, error }) => ({
    name,
    state: sample.quality === 'good' ? sample.value : null,
    error: error?.value ?? '',
    live: isLive(state, sample.connection),
  });
  const held = devices(points).map(lampOf);
  lamps.draw(held, filter.device);
  drawTrouble(held.find(({ name }) => name === filter.device));
  details.draw(gatewayNow);
  contact.draw(state, now, points.sample(NAME)?.value);
  shelf.draw(notices);
}

/** All that the chosen device complains about, where it can be read and copied: its lamp has room for the cause only. */
function drawTrouble(device) {
  const text = device && inTrouble(device) ? `${device.name} is ${device.state}: ${causeText(device.error, device.name).whole}` : '';
  $('trouble').hidden = text === '';
  if ($('trouble').textContent !== text) $('trouble').textContent = text;
}

/** How many of each quality; without contact there is no quality to count. */
function drawCounts(contact) {
  const total = Object.values(counted).reduce((sum, count) => sum + count, 0);
  const parts = contact ? Object.entries(counted) : [['lost', total]];
  const drawn = parts.join();
  if (drawn === drawnCounts) return;
  drawnCounts = drawn;
  $('counts').replaceChildren(...parts.map(([quality, count]) => {
    const look = QUALITY[quality] ?? NOT_LIVE;
    const part = document.createElement('span');
    part.dataset.quality = count > 0 ? quality : 'none';
    const shape = Object.assign(document.createElement('span'), { className: 'shape', textContent: look.shape });
    shape.setAttribute('aria-hidden', 'true');
    part.append(shape, ` ${count} ${look.word}`);
    return part;
  }));
}

function drawEmpty(rows, state) {
  const text =
    rows.length > 0 ? ''
    : state.phase !== 'live' && points.size === 0 ? 'Waiting for the gateway.'
    : filter.troubled ? 'Nothing is troubled.'
    : filter.words.length > 0 || filter.device ? 'No point passes the filters.'
    : 'No point matches the pattern.';
  $('empty').hidden = text === '';
  $('empty').textContent = text;
}

function drawRefusal({ refusal }) {
  if (refusal === null || current === accepted) return;
  current = accepted;
  filter.selected = matcher(accepted);
  note(`Not taken: ${refusal}`);
  drawnShape = -1;
}

function note(text) {
  $('pattern-note').textContent = text;
  $('pattern').setAttribute('aria-invalid', text !== '');
}

/** The reader's patterns and words from the page's address, so that a view can be kept and sent. */
function readAddress() {
  const query = new URLSearchParams(location.search);
  const { patterns } = parsePatterns(query.get('points') ?? EVERYTHING);
  const shown = patterns.length > 0 ? patterns : [EVERYTHING];
  $('pattern').value = shown.join(', ');
  $('words').value = query.get('find') ?? '';
  setWords();
  filter.selected = matcher(shown);
  current = shown;
  return shown;
}

function writeAddress() {
  const query = new URLSearchParams();
  if (current.join() !== EVERYTHING) query.set('points', current.join(','));
  if ($('words').value) query.set('find', $('words').value);
  history.replaceState(null, '', query.size > 0 ? `?${query}` : location.pathname);
}

function setWords() {
  filter.words = $('words').value.toLowerCase().split(/\s+/).filter(Boolean);
}

function applyPattern() {
  const { patterns, fault } = parsePatterns($('pattern').value || EVERYTHING);
  if (fault) return note(fault);
  note('');
  if (patterns.join() === current.join()) return;
  current = patterns;
  filter.selected = matcher(patterns);
  writeAddress();
  stream.feed({ type: 'want', points: followed(patterns) });
  catalog.want(followed(patterns));
  relist();
}

function chooseDevice(name) {
  filter.device = name;
  $('device').hidden = name === null;
  $('device').textContent = `${name} ✕`;
  $('device').setAttribute('aria-label', `Show all devices, not ${name} alone`);
  relist();
}

function toggle(set, entry) {
  if (!set.delete(entry)) set.add(entry);
}

function listen() {
  $('filters').addEventListener('submit', (event) => (event.preventDefault(), applyPattern()));
  $('pattern').addEventListener('change', applyPattern);
  $('words').addEventListener('input', () => (setWords(), writeAddress(), relist()));
  $('device').addEventListener('click', () => chooseDevice(null));
  $('troubled').addEventListener('click', () => {
    filter.troubled = !filter.troubled;
    $('troubled').setAttribute('aria-pressed', filter.troubled);
    relist();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target.closest('input, dialog')) return;
    event.preventDefault();
    $('words').focus();
  });
  setInterval(() => {
    contact.rate(changes);
    changes = 0;
    later();
  }, TICK_MS);
  setInterval(() => document.hidden || catalog.want([LAMPS[0]], true), CLOCK_MS);
}

listen();
stream.start();
