// Everything about one point, in a dialog that stays up to date while it is open.

import { NOTHING, NOT_LIVE, QUALITY, ageText, momentText, reasonText, spanText, valueText } from './format.js';

/** Rows of the list: what and its text, `null` where there is nothing to say. Pure. */
export function facts({ sample, meta = {}, live }, now) {
  const moment = (time) => (time === null ? NOTHING : momentText(new Date(time)));
  const reason = reasonText(sample.reason);
  const since = Number.isFinite(sample.since) ? ` since ${momentText(new Date(sample.since))}` : '';
  const look = live ? QUALITY[sample.quality] : NOT_LIVE;
  const { raw } = valueText(sample.value, meta);
  return [
    ['Quality', `${look.shape} ${look.word}`],
    ['Reason', reason ? `${reason}${since}` : null],
    ['Source time', moment(sample.time)],
    ['Age', now === null || sample.time === null ? null : ageText(now - sample.time)],
    ['Raw value', raw],
    ['Device', meta.device],
    ['Type', meta.type],
    ['Range', Array.isArray(meta.range) ? `${meta.range[0]} to ${meta.range[1]}` : null],
    ['Read every', Number.isFinite(meta.scan_ms) ? durationText(meta.scan_ms) : null],
    ['Stale after', Number.isFinite(meta.stale_after_ms) ? durationText(meta.stale_after_ms) : null],
    ['Names', meta.labels ? Object.entries(meta.labels).map(([key, name]) => `${key} ${name}`).join(', ') : null],
  ].filter(([, text]) => text !== null && text !== undefined && text !== '');
}

function durationText(ms) {
  return ms < 1_000 || ms % 1_000 !== 0 ? `${ms} ms` : spanText(ms);
}

export class Details {
  #dialog;
  #read;
  #id = null;
  #drawn = '';

  constructor(dialog, read) {
    this.#dialog = dialog;
    this.#read = read;
    // A press beside the content is one on the dialog element itself.
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog || event.target.closest('button')) dialog.close();
    });
    dialog.addEventListener('close', () => (this.#id = null));
  }

  open(id) {
    this.#id = id;
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  draw(now) {
    if (this.#id === null) return;
    const reading = this.#read(this.#id);
    if (reading.sample === undefined) return this.#dialog.close();
    const list = facts(reading, now);
    const value = valueText(reading.sample.value, reading.meta).text;
    const drawn = JSON.stringify([this.#id, value, list, reading.live]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const part = (name) => this.#dialog.querySelector(`#details-${name}`);
    this.#dialog.dataset.quality = reading.live ? reading.sample.quality : 'lost';
    part('title').textContent = this.#id;
    part('value').textContent = value;
    part('unit').textContent = reading.sample.value === null ? '' : (reading.meta?.unit ?? '');
    part('description').textContent = reading.meta?.description ?? '';
    part('list').replaceChildren(...list.flatMap(([what, text]) => [term('dt', what), term('dd', text)]));
  }
}

function term(name, text) {
  return Object.assign(document.createElement(name), { textContent: text });
}
