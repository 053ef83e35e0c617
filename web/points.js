// What the page holds: the newest sample and the metadata of each point, and the order in which they are listed.
//
// Pure bookkeeping, no DOM and no clock. A sample remembers the number of the connection it came with, because
// that decides whether it counts as live (connection.js). Nothing here outlives `drop`.

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** The heading under which a point is listed: its first segment; two for the gateway's own. */
export function groupOf(id) {
  const segments = id.split('/');
  if (segments.length === 1) return '';
  return segments.slice(0, id.startsWith('$') && segments.length > 2 ? 2 : 1).join('/');
}

/** Plain text order in which digits count as numbers: `pump2` before `pump10`; the gateway's own points last. */
export function compareIds(one, other) {
  const own = Number(one.startsWith('$')) - Number(other.startsWith('$'));
  if (own !== 0) return own;
  const groups = collator.compare(groupOf(one), groupOf(other));
  return groups || collator.compare(one, other) || (one < other ? -1 : Number(one > other));
}

export class Points {
  #samples = new Map();
  #meta = new Map();
  #haystacks = new Map();
  #sorted = null;
  /** Counts changes of the set of ids, of qualities and of metadata: a list made at the same count still holds. */
  shape = 0;

  get size() {
    return this.#samples.size;
  }

  /** The newest sample of a point, with `connection`; `undefined` if none is held. */
  sample(id) {
    return this.#samples.get(id);
  }

  meta(id) {
    return this.#meta.get(id);
  }

  /** Takes samples as the stream sends them, in its order. */
  apply(points, connection) {
    for (const point of points) {
      const held = this.#samples.get(point.id);
      if (!held) this.#sorted = null;
      if (held?.quality !== point.quality) this.shape += 1;
      this.#samples.set(point.id, { ...point, connection });
    }
  }

  /** These are no more: should such an id come again, its unit and labels may be others. */
  forget(ids) {
    for (const id of ids) {
      this.#remove(id);
      this.#meta.delete(id);
    }
  }

  /** Keeps only the points that pass `test`. */
  keep(test) {
    for (const id of this.#samples.keys()) if (!test(id)) this.#remove(id);
  }

  /** Drops everything: after a reset the same id may mean something else, so its unit and labels go too. */
  drop() {
    this.#samples.clear();
    this.#meta.clear();
    this.#haystacks.clear();
    this.#sorted = null;
    this.shape += 1;
  }

  /** Takes metadata as `GET /api/v1/points` gives it. Values in it are left alone: the stream alone orders those. */
  describe(points) {
    for (const { id, value, quality, reason, since, time, checked, ...meta } of points) this.#meta.set(id, meta);
    this.#haystacks.clear();
    this.shape += 1;
  }

  /** Every id in listing order. */
  ids() {
    this.#sorted ??= [...this.#samples.keys()].sort(compareIds);
    return this.#sorted;
  }

  /** Whether every one of the lower-case `words` occurs in what is known of the point, values aside. */
  mentions(id, words) {
    if (words.length === 0) return true;
    const haystack = this.#haystack(id);
    return words.every((word) => haystack.includes(word));
  }

  #haystack(id) {
    let text = this.#haystacks.get(id);
    if (text === undefined) {
      const meta = this.#meta.get(id);
      const labels = Object.values(meta?.labels ?? {});
      text = [id, meta?.description, meta?.unit, meta?.device, ...labels].filter(Boolean).join('\n').toLowerCase();
      this.#haystacks.set(id, text);
    }
    return text;
  }

  #remove(id) {
    if (!this.#samples.delete(id)) return;
    this.#haystacks.delete(id);
    this.#sorted = null;
    this.shape += 1;
  }
}

const WORST = ['good', 'uncertain', 'bad'];

/**
 * The list as shown: `{ rows, counts }`. A row is `{ group, key, count, worst, open }` or `{ id, key }`.
 * `filter`: `selected(id)`, `words` (lower case), `device` (or null), `troubled` (only what is not good),
 * `closed` (names of groups folded up). `counts` are over everything selected that passes words and device.
 */
export function listing(points, filter) {
  const rows = [];
  const counts = { good: 0, uncertain: 0, bad: 0 };
  let group = null;
  for (const id of points.ids()) {
    if (!filter.selected(id) || !points.mentions(id, filter.words)) continue;
    if (filter.device !== null && deviceOf(points, id) !== filter.device) continue;
    const { quality } = points.sample(id);
    counts[quality] += 1;
    if (filter.troubled && quality === 'good') continue;
    const name = groupOf(id);
    if (group?.group !== name) {
      group = { group: name, key: `group ${name}`, count: 0, worst: 'good', open: !filter.closed.has(name) };
      rows.push(group);
    }
    group.count += 1;
    if (WORST.indexOf(quality) > WORST.indexOf(group.worst)) group.worst = quality;
    if (group.open) rows.push({ id, key: id });
  }
  return { rows, counts };
}

/** The device a point belongs to, as far as is known. */
export function deviceOf(points, id) {
  const own = id.match(/^\$devices\/([^/]+)\//);
  return own ? own[1] : (points.meta(id)?.device ?? null);
}

/** Devices with a state, in listing order: `{ name, state, error, connection }`, each a held sample or missing. */
export function devices(points) {
  const found = [];
  for (const id of points.ids()) {
    const name = id.match(/^\$devices\/([^/]+)\/state$/)?.[1];
    if (name) found.push({ name, state: points.sample(id), error: points.sample(`$devices/${name}/last_error`) });
  }
  return found;
}

/**
 * Which rows a window shows: `{ tops, height }` for `rows` of the given heights. `tops[i]` is where row i begins.
 */
export function layout(rows, rowHeight, groupHeight) {
  const tops = new Float64Array(rows.length + 1);
  for (const [at, row] of rows.entries()) tops[at + 1] = tops[at] + (row.id ? rowHeight : groupHeight);
  return { tops, height: tops[rows.length] };
}

/** First and one past the last row that touch `from` to `to` pixels. */
export function inView(tops, from, to) {
  const count = tops.length - 1;
  const first = Math.max(0, firstAbove(tops, from) - 1);
  return [Math.min(first, count), Math.min(count, firstAbove(tops, to))];
}

/** The first index whose top lies above `limit`; `tops.length` if none does. */
function firstAbove(tops, limit) {
  let low = 0;
  let high = tops.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tops[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
