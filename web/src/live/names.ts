// The order of names, kept while names come and go. Pure.
//
// What holds: digits count as numbers (`line2` before `line10`), case does not count, accented letters stand with
// their plain ones, what is below one branch stands together, and the gateway's own points come last. A newcomer costs its own sorting, not everybody's.

/** Digits of a number beyond which its length no longer counts: such a thing is a serial number. */
const MOST_DIGITS = 10;

/** What is compared of a name: texts in whose plain order names stand. */
export function nameKey(id: string): string {
  const key = id.normalize('NFD').toLowerCase().replaceAll('/', '\u0001').replace(/\d+/g, (digits) => {
    const bare = digits.replace(/^0+(?=\d)/, '');
    return `${Math.min(bare.length, MOST_DIGITS) - 1}${bare}`;
  });
  return key.startsWith('$') ? `\uffff${key}` : key;
}

/** For sorting a few names. */
export function byName(one: string, other: string): number {
  return compare(nameKey(one), nameKey(other)) || compare(one, other);
}

/** Many things in the order of their names: what is compared of each is made once. */
export function inNameOrder<Item>(items: Iterable<Item>, nameOf: (item: Item) => string): Item[] {
  const named = [...items].map((item) => ({ item, name: nameOf(item), key: nameKey(nameOf(item)) }));
  named.sort((one, other) => compare(one.key, other.key) || compare(one.name, other.name));
  return named.map(({ item }) => item);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** Names in their order. */
export class Names {
  #all: readonly (readonly [key: string, id: string])[] = [];

  /** Brings the names to those that `has` knows, of which `added` may be new. Returns them in order. */
  renew(added: Iterable<string>, has: (id: string) => boolean): readonly string[] {
    const fresh = [...new Set(added)].filter(has).map((id) => [nameKey(id), id] as const);
    fresh.sort(([one, id], [other, otherId]) => compare(one, other) || compare(id, otherId));
    const kept = this.#all.filter(([, id]) => has(id));
    this.#all = fresh.length === 0 ? kept : merged(kept, fresh);
    return this.#all.map(([, id]) => id);
  }
}

type Named = readonly [key: string, id: string];

/** Both in one order; what is in both stands once. */
function merged(kept: readonly Named[], fresh: readonly Named[]): Named[] {
  const all: Named[] = [];
  let at = 0;
  for (const one of fresh) {
    for (let next = kept[at]; next !== undefined && (compare(next[0], one[0]) || compare(next[1], one[1])) < 0; next = kept[at]) {
      all.push(next);
      at += 1;
    }
    if (kept[at]?.[1] === one[1]) at += 1;
    all.push(one);
  }
  for (const rest of kept.slice(at)) all.push(rest);
  return all;
}
