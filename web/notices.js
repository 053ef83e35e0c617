// Messages of those who run the gateway: which are held to be shown. Pure: no DOM, no network, no clock.
//
// A notice stays until it is dismissed, or until there are too many: then the oldest of the least serious ones goes.
// None is taken twice, because a resume may bring it again. Ids count up in each run of the gateway, its epoch.

/** More than this at a time nobody reads. */
export const MOST_HELD = 20;
/** The gateway keeps as many for those who come back: none before them comes again. */
export const MOST_KNOWN = 1_000;

/** How each severity looks, from the least serious on: a shape and a word, so that colour is never the only sign. */
export const SEVERITY = {
  info: { shape: '●', word: 'notice' },
  warning: { shape: '▲', word: 'warning' },
  critical: { shape: '■', word: 'critical' },
};
const RANK = Object.keys(SEVERITY);

function rank({ severity }) {
  return RANK.indexOf(severity);
}

export class Notices {
  /** `{ key, severity, text, from, time }` each, the most serious first, of those the newest. */
  held = [];
  /** How many made way for others without having been dismissed. */
  dropped = 0;
  /** Counts changes of what is held. */
  shape = 0;
  #known = new Set();

  /** Takes a notice as the stream sends it; passes over one that came before. */
  take({ id, severity, text, from, time }, epoch) {
    const key = `${epoch}.${id}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.values().next().value);
    const notice = { key, severity: RANK.includes(severity) ? severity : RANK[0], text, from, time };
    const at = this.held.findIndex((other) => rank(other) <= rank(notice));
    this.held.splice(at < 0 ? this.held.length : at, 0, notice);
    this.shape += 1;
    if (this.held.length <= MOST_HELD) return;
    this.held.pop();
    this.dropped += 1;
  }

  dismiss(key) {
    this.held = this.held.filter((notice) => notice.key !== key);
    if (this.held.length === 0) this.dropped = 0;
    this.shape += 1;
  }

  dismissAll() {
    this.held = [];
    this.dropped = 0;
    this.shape += 1;
  }
}

/** What stands above several notices; empty where each speaks for itself. */
export function summary({ held, dropped }) {
  if (held.length < 2 && dropped === 0) return '';
  return `${held.length} notices${dropped > 0 ? `, ${dropped} more made way for them` : ''}`;
}
