// Metadata of points (type, unit, precision, labels …), page by page from `GET /api/v1/points`.
// Values never come this way: only the stream has them in order.

export const PAGE_POINTS = 1_000;
/** Bounds the walk if a gateway kept answering with one more cursor. */
const MOST_PAGES = 1_000;
const PAGE_TIMEOUT_MS = 15_000;
export const RETRY_MS = 5_000;

/**
 * Walks every page of the points that `patterns` take in and hands each page to `onPage`.
 * Throws when a page does not come; what was handed over until then stands.
 */
export async function walk(patterns, get, onPage) {
  let cursor = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = new URLSearchParams({ match: patterns.join(','), limit: PAGE_POINTS });
    if (cursor !== null) query.set('cursor', cursor);
    const body = await get(`/api/v1/points?${query}`);
    // A point that went while the page was made is null.
    onPage(body.points.filter((point) => point !== null));
    cursor = body.cursor;
    if (cursor === null) return;
  }
  throw new Error(`more than ${MOST_PAGES} pages`);
}

/** Fetches the metadata of what is wanted, each pattern once a generation, one walk at a time. */
export class Catalog {
  #wish = null;
  #walked = new Set();
  #busy = false;
  #retry = null;
  #points;
  #onDate;
  #onChange;

  /** `onDate(date, asked, seen)` for every answer, `onChange()` after every page. */
  constructor(points, onDate, onChange) {
    this.#points = points;
    this.#onDate = onDate;
    this.#onChange = onChange;
  }

  /** Wants the metadata of everything that `patterns` take in; `anew`: what is known may be out of date. */
  want(patterns, anew = false) {
    if (anew) this.#walked.clear();
    this.#wish = patterns;
    if (!this.#busy) void this.#work();
  }

  async #work() {
    this.#busy = true;
    clearTimeout(this.#retry);
    while (this.#wish) {
      const patterns = this.#wish;
      this.#wish = null;
      try {
        const fresh = patterns.filter((pattern) => !this.#walked.has(pattern));
        for (const pattern of fresh) this.#walked.add(pattern);
        if (fresh.length > 0) await walk(fresh, (url) => this.#get(url), (page) => this.#take(page));
      } catch {
        // The table shows values without units until the next try, which walks everything again.
        this.#walked.clear();
        this.#wish ??= patterns;
        break;
      }
    }
    this.#busy = false;
    if (this.#wish) this.#retry = setTimeout(() => this.#busy || this.#work(), RETRY_MS);
  }

  #take(page) {
    this.#points.describe(page);
    this.#onChange();
  }

  async #get(url) {
    const asked = performance.now();
    const response = await fetch(url, { signal: AbortSignal.timeout(PAGE_TIMEOUT_MS) });
    const date = Date.parse(response.headers.get('date'));
    if (Number.isFinite(date)) this.#onDate(date, asked, performance.now());
    if (!response.ok) throw new Error(`the gateway answered ${response.status}`);
    return response.json();
  }
}
