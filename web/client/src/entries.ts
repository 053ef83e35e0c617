// Ids and patterns: which are well-formed, what they match, and how the wishes of many readers become one selection.
//
// Pure. The rules are the wire contract's: where entries overlap, an id beats a pattern, then the later entry wins.
// What holds of `merge`: for each point, the entry that wins is at least as demanding as every reader's own.

import type { Deadband, Entry } from './types.js';

/** Bounds of an id or pattern, as the gateway has them. */
const MAX_SEGMENTS = 16;
const MAX_BYTES = 256;

/** Why `match` is no id or pattern, as a fragment of a sentence; null if it is one. */
export function fault(match: string): string | null {
  if (match.normalize() !== match) return 'is not in Unicode normal form C';
  if (new TextEncoder().encode(match).length > MAX_BYTES) return `is longer than ${MAX_BYTES} bytes`;
  const segments = match.split('/');
  if (segments.length > MAX_SEGMENTS) return `has more than ${MAX_SEGMENTS} segments`;
  for (const [at, segment] of segments.entries()) {
    if (segment === '*' || (segment === '**' && at === segments.length - 1)) continue;
    const text = at === 0 ? segment.replace(/^\$/, '') : segment;
    if (text === '' || /^\.\.?$|^\s|\s$|[\p{Cc}*,"\\$]/u.test(text)) return `has a segment “${segment}”`;
  }
  return null;
}

/** Whether it stands for more than one id. */
const isWild = (match: string): boolean => match.includes('*');

/** A test whether an id is one of those that `match` means. */
function tester(match: string): RegExp {
  const guard = match.startsWith('*') ? '(?!\\$)' : '';
  const body = match.replace(/[.+?^${}()|[\]]/g, '\\$&').replace(/\*\*$/, '.+').replace(/\*/g, '[^/]+');
  return new RegExp(`^${guard}${body}$`, 'su');
}

/** A test whether an id is among those that `matches` mean. */
export function matcher(matches: Iterable<string>): (id: string) => boolean {
  const literal = new Set<string>();
  const wild: RegExp[] = [];
  for (const match of matches) isWild(match) ? wild.push(tester(match)) : literal.add(match);
  return (id) => literal.has(id) || wild.some((test) => test.test(id));
}

/** Whether some id is meant by both patterns. */
function overlap(one: string, other: string): boolean {
  const [a, b] = [one.split('/'), other.split('/')];
  for (let at = 0; ; at += 1) {
    const [x, y] = [a[at], b[at]];
    if (x === undefined || y === undefined) return x === y;
    if (at === 0 && (x[0] === '$') !== (y[0] === '$')) return false;
    if (x === '**' || y === '**') return true;
    if (x !== '*' && y !== '*' && x !== y) return false;
  }
}

/** Both deadbands' narrower; none where one has none, or they cannot be compared. */
function narrower(one: Deadband | undefined, other: Deadband | undefined): Deadband | undefined {
  if (!one || !other) return undefined;
  if ('absolute' in one && 'absolute' in other) return one.absolute < other.absolute ? one : other;
  if ('percent' in one && 'percent' in other) return one.percent < other.percent ? one : other;
  return undefined;
}

/** `one` made as demanding as `other` where it is less. */
function join(one: Entry, other: Entry): Entry {
  const interval_ms = Math.min(one.interval_ms ?? 0, other.interval_ms ?? 0);
  const deadband = narrower(one.deadband, other.deadband);
  const flush_ms = Math.min(one.flush_ms ?? Infinity, other.flush_ms ?? Infinity);
  return {
    match: one.match,
    ...(interval_ms > 0 && { interval_ms }),
    ...(deadband && { deadband }),
    ...(deadband && flush_ms < Infinity && { flush_ms }),
  };
}

/** What an entry wishes, as text that is equal for equal wishes; empty for every change at once. */
export function wish(entry: Entry): string {
  const { interval_ms, deadband, flush_ms } = entry;
  return interval_ms || deadband ? JSON.stringify([interval_ms ?? 0, deadband, flush_ms]) : '';
}

/** Less demanding before more demanding; any order that does so. */
function byDemand(one: Entry, other: Entry): number {
  const width = ({ deadband }: Entry): number => (deadband ? Number(Object.values(deadband)[0]) : -1);
  const flush = ({ flush_ms }: Entry): number => flush_ms ?? 2 ** 32;
  return (other.interval_ms ?? 0) - (one.interval_ms ?? 0) || width(other) - width(one) || flush(other) - flush(one);
}

/** Overlapping patterns neither of which is the more demanding both become what they demand together. */
function settle(wild: Entry[]): void {
  for (let again = wild.some(wish); again; ) {
    again = false;
    for (const [i, one] of wild.entries()) {
      for (const [j, other] of wild.entries()) {
        const both = wish(join(one, other));
        if (i >= j || both === wish(one) || both === wish(other) || !overlap(one.match, other.match)) continue;
        [wild[i], wild[j], again] = [join(one, other), join(other, one), true];
      }
    }
  }
}

/** One selection that serves everybody's entries. */
export function merge(all: Iterable<Entry>): Entry[] {
  const each = new Map<string, Entry>();
  for (const entry of all) each.set(entry.match, join(entry, each.get(entry.match) ?? entry));
  const wild = [...each.values()].filter(({ match }) => isWild(match));
  settle(wild);
  wild.sort(byDemand);
  const tests = wild.map((entry) => [entry, tester(entry.match)] as const);
  const merged: Entry[] = [];
  for (const entry of each.values()) {
    if (isWild(entry.match)) continue;
    const over = tests.filter(([, test]) => test.test(entry.match)).map(([pattern]) => pattern);
    const least = over.reduce(join, entry);
    const last = over.at(-1);
    // A pattern that demands as much takes the point in by itself.
    if (!last || wish(last) !== wish(least)) merged.push(least);
  }
  return [...merged, ...wild];
}

/** Whether an added or changed pattern must keep its place among others, so that the right one is the later. */
export function isOrdered(changed: Entry, others: readonly Entry[]): boolean {
  return isWild(changed.match) && others.some(({ match, ...rest }) => match !== changed.match && isWild(match)
    && wish({ match, ...rest }) !== wish(changed) && overlap(match, changed.match));
}

/** Who wants which ids, found by id. `Key` is who. */
export class Routes<Key> {
  #tests = new Map<Key, (id: string) => boolean>();
  #found = new Map<string, Key[]>();

  /** `key` wants what these mean, and nothing else. */
  set(key: Key, matches: Iterable<string>): void {
    this.#tests.set(key, matcher(matches));
    this.#found.clear();
  }

  delete(key: Key): void {
    this.#tests.delete(key);
    this.#found.clear();
  }

  /** A test of what `key` wants. */
  of(key: Key): (id: string) => boolean {
    return this.#tests.get(key) ?? (() => false);
  }

  /** Who wants `id`. */
  to(id: string): readonly Key[] {
    let keys = this.#found.get(id);
    if (!keys) this.#found.set(id, (keys = [...this.#tests].filter(([, test]) => test(id)).map(([key]) => key)));
    return keys;
  }

  /** Ids that are no more. */
  forget(id: string): void {
    this.#found.delete(id);
  }
}
