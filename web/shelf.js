// Notices over the page's lower edge, each until it is dismissed. Draws what it is given.
//
// What came is told to assistive technology once, what is critical at once. All text is set as text.

import { momentText } from './format.js';
import { SEVERITY, summary } from './notices.js';

export class Shelf {
  #section;
  #list;
  #summary;
  #items = new Map();
  #drawn = -1;
  #onDismiss;

  /** `onDismiss(key)` for one notice, `onDismiss(null)` for all. */
  constructor(section, onDismiss) {
    this.#section = section;
    this.#list = section.querySelector('ul');
    this.#summary = section.querySelector('header');
    this.#onDismiss = onDismiss;
    this.#summary.querySelector('button').addEventListener('click', () => onDismiss(null));
  }

  draw(notices) {
    if (notices.shape === this.#drawn) return;
    this.#drawn = notices.shape;
    const focused = this.#section.contains(document.activeElement);
    const fresh = notices.held.filter(({ key }) => !this.#items.has(key));
    const held = new Set(notices.held.map(({ key }) => key));
    for (const [key, item] of this.#items) {
      if (held.has(key)) continue;
      item.remove();
      this.#items.delete(key);
    }
    for (const notice of fresh) this.#items.set(notice.key, this.#make(notice));
    for (const [at, { key }] of notices.held.entries()) {
      const [item, there] = [this.#items.get(key), this.#list.children[at] ?? null];
      if (item !== there) this.#list.insertBefore(item, there);
    }
    const text = summary(notices);
    this.#summary.hidden = text === '';
    this.#summary.querySelector('h2').textContent = text;
    // The keyboard goes on with the first notice, or with the table.
    const next = this.#list.querySelector('button') ?? document.getElementById('grid');
    if (focused && (held.size === 0 || document.activeElement === document.body)) next.focus({ preventScroll: true });
    this.#section.hidden = held.size === 0;
    tell('notices-alert', fresh.filter(({ severity }) => severity === 'critical'));
    tell('notices-status', fresh.filter(({ severity }) => severity !== 'critical'));
  }

  #make({ key, severity, text, from, time }) {
    const { shape, word } = SEVERITY[severity];
    const head = make('p', { className: 'who' }, make('span', { className: 'shape', ariaHidden: 'true' }, shape), ' ',
      make('span', { className: 'word' }, word), ' from ', make('bdi', {}, from), ', ', momentText(new Date(time)));
    const close = make('button', { type: 'button', ariaLabel: `Dismiss the ${word} from ${from}` }, '✕');
    close.addEventListener('click', () => this.#onDismiss(key));
    const item = make('li', { className: 'notice' }, head, close, make('p', { className: 'text', dir: 'auto' }, text));
    item.dataset.severity = severity;
    return item;
  }
}

/** What is written anew into a live region is spoken. */
function tell(region, fresh) {
  if (fresh.length === 0) return;
  const lines = fresh.map(({ severity, from, text }) => make('p', {}, `${SEVERITY[severity].word} from ${from}: ${text}`));
  document.getElementById(region).replaceChildren(...lines);
}

function make(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}
