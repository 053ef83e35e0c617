// Everything about one point, in a dialog that stays up to date while it is open.
//
// When the point was last read is no change, so the stream does not say it: that alone is asked for, again and again
// while the dialog is open, one question at a time.

import { NOTHING, NOT_LIVE, QUALITY, agoText, causeText, momentText, reasonText, spanText, valueText } from './format.js';

const READ_EVERY_MS = 1_000;
const ANSWER_MS = 5_000;

/**
 * Rows of the list: what and its text, `null` where there is nothing to say. Pure.
 * `checked`: when the point was last read, `null` for never and `undefined` while that is not known.
 */
export function facts({ sample, meta = {}, live, error }, checked, now) {
  const reason = reasonText(sample.reason);
  const since = Number.isFinite(sample.since) ? ` since ${momentText(new Date(sample.since))}` : '';
  const look = live ? QUALITY[sample.quality] : NOT_LIVE;
  const { raw } = valueText(sample.value, meta);
  return [
    ['Quality', `${look.shape} ${look.word}`],
    ['Reason', reason ? `${reason}${since}` : null],
    ['Device says', sample.quality !== 'good' && error ? causeText(error, meta.device).whole : null],
    ['Changed', sample.time === null ? NOTHING : whenText(sample.time, now)],
    ['Read', checked === undefined ? '…' : checked === null ? 'never' : whenText(checked, now)],
    ['Raw value', raw],
    ['Device', meta.device],
    ['Type', meta.type],
    ['Range', Array.isArray(meta.range) ? `${meta.range[0]} to ${meta.range[1]}` : null],
    ['Read every', Number.isFinite(meta.scan_ms) ? scanText(meta) : null],
    ['Stale after', Number.isFinite(meta.stale_after_ms) ? durationText(meta.stale_after_ms) : null],
    ['Names', meta.labels ? Object.entries(meta.labels).map(([key, name]) => `${key} ${name}`).join(', ') : null],
  ].filter(([, text]) => text !== null && text !== undefined && text !== '');
}

/** A moment, and how long ago that was. */
function whenText(time, now) {
  const moment = momentText(new Date(time));
  return now === null ? moment : `${moment}, ${agoText(now - time)}`;
}

/** How often a point is read; where its channel has no time for what was configured, that too. */
function scanText({ scan_ms: revised, configured_scan_ms: configured }) {
  const wanted = Number.isFinite(configured) ? `, revised from ${durationText(configured)}` : '';
  return `${durationText(revised)}${wanted}`;
}

function durationText(ms) {
  return ms < 1_000 || ms % 1_000 !== 0 ? `${ms} ms` : spanText(ms);
}

export class Details {
  #dialog;
  #read;
  #id = null;
  #drawn = '';
  #checked;
  #opened = 0;
  #onChange;

  /** `read(id)` gives `{ sample, meta, live, error }` of a point; `onChange()` when there is something new to draw. */
  constructor(dialog, read, onChange) {
    this.#dialog = dialog;
    this.#read = read;
    this.#onChange = onChange;
    // A press beside the content is one on the dialog element itself.
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog || event.target.closest('button')) dialog.close();
    });
    dialog.addEventListener('close', () => (this.#id = null));
  }

  open(id) {
    this.#id = id;
    this.#checked = undefined;
    this.#opened += 1;
    if (!this.#dialog.open) this.#dialog.showModal();
    void this.#follow(id, this.#opened);
  }

  async #follow(id, opened) {
    const current = () => this.#id === id && this.#opened === opened;
    while (current()) {
      const checked = document.hidden ? undefined : await lastRead(id);
      if (checked !== undefined && current()) {
        this.#checked = checked;
        this.#onChange();
      }
      await new Promise((resolve) => setTimeout(resolve, READ_EVERY_MS));
    }
  }

  draw(now) {
    if (this.#id === null) return;
    const reading = this.#read(this.#id);
    if (reading.sample === undefined) return this.#dialog.close();
    const list = facts(reading, this.#checked, now);
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

/** When the gateway last read the point; `null` for never, `undefined` when there is no answer. */
async function lastRead(id) {
  try {
    const path = id.split('/').map(encodeURIComponent).join('/');
    const response = await fetch(`/api/v1/points/${path}`, { signal: AbortSignal.timeout(ANSWER_MS) });
    return response.ok ? ((await response.json()).checked ?? null) : undefined;
  } catch {
    return undefined;
  }
}

function term(name, text) {
  return Object.assign(document.createElement(name), { textContent: text });
}
