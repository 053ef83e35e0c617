// The table of points: only the rows in view exist in the page, whatever the number of points.
//
// Draws what it is given, when it is told to, and writes to the page only what differs. Reports the keyboard's and
// the mouse's wishes (`onOpen(id)`, `onFold(group)`). Knows neither the stream nor where values come from.

import { NOTHING, NOT_LIVE, QUALITY, agoText, reasonText, roughSpanText, share, valueText } from './format.js';
import { groupOf, inView, layout } from './points.js';

/** Drawn above and below the window, so that a quick scroll shows rows at once. */
const OVERSCAN_PX = 400;
const FLASH = { duration: 900, easing: 'ease-out' };

const calm = window.matchMedia('(prefers-reduced-motion: reduce)');

export class Table {
  #grid;
  #body;
  #rows = [];
  #tops = new Float64Array(1);
  #elements = new Map();
  #active = null;
  #heights = { row: 36, group: 40 };
  #read;

  /** `read(id)` gives `{ sample, meta, live }` of a point. */
  constructor(grid, body, read, { onOpen, onFold, onScroll }) {
    this.#grid = grid;
    this.#body = body;
    this.#read = read;
    const act = (row) => (row.id ? onOpen(row.id) : onFold(row.group));
    body.addEventListener('click', (event) => {
      const key = event.target.closest('[role=row]')?.dataset.key;
      const row = this.#rows.find((candidate) => candidate.key === key);
      if (!row || window.getSelection().type === 'Range') return;
      this.#activate(row.key);
      act(row);
    });
    grid.addEventListener('keydown', (event) => this.#onKey(event, act, onFold));
    window.addEventListener('scroll', onScroll, { passive: true });
    window.addEventListener('resize', () => {
      this.#measure();
      onScroll();
    });
    this.#measure();
  }

  /** Takes a new list of rows (points.js, `listing`). */
  setRows(rows) {
    this.#rows = rows;
    const { tops, height } = layout(rows, this.#heights.row, this.#heights.group);
    this.#tops = tops;
    this.#body.style.height = `${height}px`;
    this.#grid.setAttribute('aria-rowcount', rows.length + 1);
  }

  /** Brings what is in view up to date. `now` is the gateway's time, or null. */
  draw(now) {
    const above = -this.#body.getBoundingClientRect().top;
    const [first, end] = inView(this.#tops, above - OVERSCAN_PX, above + window.innerHeight + OVERSCAN_PX);
    const stale = new Set(this.#elements.keys());
    let cursor = this.#body.firstElementChild;
    for (let at = first; at < end; at += 1) {
      const row = this.#rows[at];
      stale.delete(row.key);
      const view = this.#elements.get(row.key) ?? this.#create(row);
      if (view.element === cursor) cursor = cursor.nextElementSibling;
      else this.#body.insertBefore(view.element, cursor);
      this.#place(view, at);
      if (row.id) drawPoint(view, row.id, this.#read(row.id), now);
      else drawGroup(view, row);
    }
    for (const key of stale) {
      this.#elements.get(key).element.remove();
      this.#elements.delete(key);
    }
  }

  #measure() {
    const style = getComputedStyle(this.#grid);
    const px = (name) => Number.parseFloat(style.getPropertyValue(name));
    this.#heights = { row: px('--row'), group: px('--group') };
    this.setRows(this.#rows);
  }

  #create(row) {
    const view = row.id ? pointView(row.id) : groupView();
    view.element.dataset.key = row.key;
    this.#elements.set(row.key, view);
    return view;
  }

  #place(view, at) {
    if (view.top !== this.#tops[at]) {
      view.top = this.#tops[at];
      view.element.style.transform = `translateY(${view.top}px)`;
    }
    attribute(view.element, 'aria-rowindex', at + 2);
    attribute(view.element, 'id', `row-${at}`);
    const active = this.#rows[at].key === this.#active;
    attribute(view.element, 'aria-selected', active);
    if (active) attribute(this.#grid, 'aria-activedescendant', `row-${at}`);
  }

  #onKey(event, act, onFold) {
    const at = this.#rows.findIndex((row) => row.key === this.#active);
    const page = Math.max(1, Math.floor(window.innerHeight / this.#heights.row) - 4);
    const last = this.#rows.length - 1;
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: last };
    const row = this.#rows[at];
    if (event.altKey || event.ctrlKey || event.metaKey || last < 0) return;
    if (Object.hasOwn(moves, event.key)) {
      const to = Math.min(last, Math.max(0, moves[event.key]));
      this.#activate(this.#rows[to].key);
      this.#reveal(to);
    } else if ((event.key === 'Enter' || event.key === ' ') && row) {
      act(row);
    } else if (row && !row.id && event.key === (row.open ? 'ArrowLeft' : 'ArrowRight')) {
      onFold(row.group);
    } else {
      return;
    }
    event.preventDefault();
  }

  #activate(key) {
    this.#active = key;
    for (const [held, view] of this.#elements) attribute(view.element, 'aria-selected', held === key);
  }

  /** Scrolls as little as needed; the sticky head covers the window's upper edge. */
  #reveal(at) {
    const head = this.#body.previousElementSibling.getBoundingClientRect().bottom;
    const top = this.#body.getBoundingClientRect().top + this.#tops[at];
    const bottom = this.#body.getBoundingClientRect().top + this.#tops[at + 1];
    if (top < head) window.scrollBy(0, top - head);
    else if (bottom > window.innerHeight) window.scrollBy(0, bottom - window.innerHeight);
  }
}

function make(className, role, ...children) {
  const element = document.createElement('span');
  element.className = className;
  if (role) element.setAttribute('role', role);
  element.append(...children);
  return element;
}

function pointView(id) {
  const cut = id.lastIndexOf('/') + 1;
  const group = groupOf(id);
  const start = group === '' ? 0 : group.length + 1;
  const slash = cut > start ? '/' : '';
  const path = make('path', null, id.slice(start, Math.max(start, cut - 1)));
  const name = make('name', 'rowheader', path, make('slash', null, slash), make('leaf', null, id.slice(cut)));
  name.title = id;
  const parts = {
    number: make('number'), gauge: make('gauge'), unit: make('unit', 'gridcell'),
    shape: make('shape'), word: make('word'), reason: make('reason', 'gridcell'), age: make('age', 'gridcell'),
  };
  parts.shape.setAttribute('aria-hidden', 'true');
  parts.value = make('value', 'gridcell', parts.number, parts.gauge);
  const quality = make('quality', 'gridcell', parts.shape, parts.word);
  const element = document.createElement('div');
  element.className = 'row';
  element.setAttribute('role', 'row');
  element.setAttribute('aria-level', '2');
  element.append(name, parts.value, parts.unit, quality, parts.reason, parts.age);
  return { element, parts, shown: new Map(), top: null };
}

function drawPoint(view, id, { sample, meta, live }, now) {
  const { parts, element } = view;
  const { text, raw } = valueText(sample.value, meta);
  write(view, parts.number, text);
  const changed = view.value !== undefined && view.value !== sample.value;
  view.value = sample.value;
  if (changed && live && !calm.matches) {
    parts.number.animate([{ backgroundColor: 'var(--flash)' }, { backgroundColor: 'transparent' }], FLASH);
  }
  attribute(parts.value, 'title', raw === null ? (text.length > 12 ? text : '') : `${text} (${raw})`);
  write(view, parts.unit, sample.value === null ? '' : (meta?.unit ?? ''));
  const look = live ? QUALITY[sample.quality] : NOT_LIVE;
  write(view, parts.shape, look.shape);
  write(view, parts.word, look.word);
  write(view, parts.reason, reasonLine(sample, now));
  write(view, parts.age, now === null || sample.time === null ? NOTHING : agoText(now - sample.time, roughSpanText));
  attribute(element, 'data-quality', live ? sample.quality : 'lost');
  if (meta?.description) attribute(element.firstElementChild, 'title', `${id} – ${meta.description}`);
  drawGauge(view, share(sample.value, meta));
}

/** What is wrong and for about how long; the details say since when. */
function reasonLine({ reason, since }, now) {
  const words = reasonText(reason);
  if (!words || now === null || !Number.isFinite(since) || now - since < 1_000) return words;
  return `${words}, ${roughSpanText(now - since)}`;
}

function drawGauge(view, part) {
  const width = part === null ? '' : `${(part * 100).toFixed(1)}%`;
  if (view.shown.get('gauge') === width) return;
  view.shown.set('gauge', width);
  view.parts.gauge.hidden = part === null;
  view.parts.gauge.style.setProperty('--share', width || '0%');
}

function groupView() {
  const parts = { fold: make('fold'), title: make('title'), count: make('count'), shape: make('shape'), word: make('word') };
  for (const part of [parts.fold, parts.shape]) part.setAttribute('aria-hidden', 'true');
  const element = document.createElement('div');
  element.className = 'group';
  element.setAttribute('role', 'row');
  element.setAttribute('aria-level', '1');
  const cell = make('cell', 'rowheader', parts.fold, parts.title, parts.count, parts.shape, parts.word);
  cell.setAttribute('aria-colspan', '6');
  element.append(cell);
  return { element, parts, shown: new Map(), top: null };
}

function drawGroup(view, row) {
  const { parts, element } = view;
  const trouble = row.worst === 'good' ? { shape: '', word: '' } : QUALITY[row.worst];
  write(view, parts.fold, row.open ? '▾' : '▸');
  write(view, parts.title, row.group || 'ungrouped');
  write(view, parts.count, String(row.count));
  write(view, parts.shape, trouble.shape);
  write(view, parts.word, trouble.word);
  attribute(element, 'aria-expanded', row.open);
  attribute(element, 'data-quality', row.worst);
}

function write(view, node, text) {
  if (view.shown.get(node) === text) return;
  view.shown.set(node, text);
  node.textContent = text;
}

function attribute(node, name, value) {
  const text = String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}
