// How the page stands with the gateway, in words: the sign at the top and the banner when contact is lost.

import { momentText, spanText } from './format.js';

const PRODUCT = 'Pointcast';
/** A first connection that takes no longer needs no banner. */
const PATIENCE_MS = 2_000;

/** What the page says about a connection state. Pure. `rate`: changes in the last second. */
export function contactText(state, now, rate, clock = () => new Date()) {
  const moment = (time) => momentText(new Date(clock().getTime() - (now - time)), clock());
  if (state.phase === 'live') {
    const stopping = state.draining ? 'gateway is stopping' : `${rate} ${rate === 1 ? 'change' : 'changes'}/s`;
    return { shape: '●', word: 'live', detail: stopping, banner: null };
  }
  if (state.phase === 'catching') return { shape: '◐', word: 'catching up', detail: '', banner: null };
  if (state.phase === 'replaced') {
    const banner = 'Another connection took over this session. The values below are the last ones received here.';
    return { shape: '◌', word: 'taken over', detail: '', banner, action: 'Take over again' };
  }
  const next = state.phase === 'waiting' ? `next try in ${spanText(Math.max(0, state.openAt - now))}` : 'trying again';
  if (state.lastContact === null) {
    const banner = now > PATIENCE_MS ? 'The gateway does not answer yet.' : null;
    return { shape: '◌', word: 'connecting', detail: '', banner, action: 'Try now' };
  }
  const lost = moment(state.lastContact);
  const detail = `last contact ${lost}, ${spanText(now - state.lastContact)} ago, ${next}`;
  const banner = `No contact with the gateway. Last contact ${lost}. The values below are the last ones received.`;
  return { shape: '■', word: 'no contact', detail, banner, action: 'Try now' };
}

/** The title of the page: which gateway, and first that it is not followed, if so. Pure. */
export function titleText({ banner, shape, word }, name) {
  return [banner ? `${shape} ${word}` : '', name, PRODUCT].filter(Boolean).join(' – ');
}

export class Contact {
  #sign;
  #banner;
  #name = document.getElementById('gateway');
  #product = document.getElementById('product');
  #rate = 0;
  #shown = {};

  constructor(sign, banner, { onRetry, onTakeOver }) {
    this.#sign = sign;
    this.#banner = banner;
    const button = banner.querySelector('button');
    button.addEventListener('click', () => (sign.dataset.phase === 'replaced' ? onTakeOver() : onRetry()));
  }

  /** How many changes came in the last second. */
  rate(changes) {
    this.#rate = changes;
  }

  /** `name`: what the gateway is called, if it says so. */
  draw(state, now, name) {
    const text = contactText(state, now, this.#rate);
    this.#sign.dataset.phase = state.phase;
    document.documentElement.dataset.contact = ['live', 'catching'].includes(state.phase) ? 'yes' : 'no';
    this.#write('shape', this.#sign.querySelector('.shape'), text.shape);
    this.#write('word', this.#sign.querySelector('[role=status]'), text.word);
    // Seen in the row of tabs too.
    const title = titleText(text, name);
    if (document.title !== title) document.title = title;
    this.#write('name', this.#name, name || PRODUCT);
    this.#write('product', this.#product, name ? PRODUCT : '');
    this.#write('detail', this.#sign.querySelector('.detail'), text.detail);
    this.#banner.hidden = text.banner === null;
    this.#write('banner', this.#banner.querySelector('p'), text.banner ?? '');
    this.#write('action', this.#banner.querySelector('button'), text.action ?? '');
  }

  /** Unchanged text is left alone: a screen reader speaks what is written. */
  #write(key, node, text) {
    if (this.#shown[key] === text) return;
    this.#shown[key] = text;
    node.textContent = text;
  }
}
