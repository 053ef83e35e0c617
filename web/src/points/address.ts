// What of the page stands in its address, so that a link shows the same. Pure.
//
// What holds: what is as it is without asking is not in the address; what cannot be read of an address is as if it were
// not there.

import { patternFault } from 'pointcast';
import { ALL_OPEN, type Folds } from './folds.js';

export const EVERYTHING = '**';

/** As much of an address may be spent on folded branches; beyond it they are not kept. */
const MOST_FOLDED = 1_500;

/** What the reader asked for. */
export interface Asked {
  readonly patterns: readonly string[];
  /** Words sought, as typed. */
  readonly words: string;
  readonly troubled: boolean;
  readonly device: string | null;
  readonly folds: Folds;
  /** The point whose details are open. */
  readonly open: string | null;
}

/** An address's query: a text for each name, several where the name stands several times. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

const NAMES = { patterns: 'points', words: 'find', troubled: 'troubled', device: 'device', closed: 'closed', opened: 'opened', open: 'point' };

/** What an address asks for. */
export function readAddress(query: Query): Asked {
  const one = (name: string) => [query[name]].flat()[0] ?? null;
  const { patterns, fault } = parsePatterns(one(NAMES.patterns) ?? '');
  const closed = one(NAMES.closed);
  const opened = one(NAMES.opened);
  return {
    patterns: fault === null && patterns.length > 0 ? patterns : [EVERYTHING],
    words: one(NAMES.words) ?? '',
    troubled: one(NAMES.troubled) !== null,
    device: one(NAMES.device) || null,
    folds: opened !== null ? { closed: true, except: new Set(list(opened)) }
      : closed !== null ? { closed: false, except: new Set(list(closed)) }
      : ALL_OPEN,
    open: one(NAMES.open) || null,
  };
}

/** What is to stand in the address; null is to be taken out of it. */
export function writeAddress(asked: Asked): Record<string, string | null> {
  const { closed, except } = asked.folds;
  const folded = [...except].join();
  const fits = folded.length <= MOST_FOLDED;
  return {
    [NAMES.patterns]: asked.patterns.join() === EVERYTHING ? null : asked.patterns.join(),
    [NAMES.words]: asked.words.trim() || null,
    [NAMES.troubled]: asked.troubled ? '1' : null,
    [NAMES.device]: asked.device,
    [NAMES.closed]: !closed && fits && folded !== '' ? folded : null,
    // A name without text is left out of addresses; a comma alone is no branch.
    [NAMES.opened]: closed ? ((fits && folded) || ',') : null,
    [NAMES.open]: asked.open,
  };
}

function list(text: string): string[] {
  return text.split(',').filter(Boolean);
}

/** Patterns as people type them, parted by commas: all of them, or the first that is none and why. */
export function parsePatterns(text: string): { patterns: readonly string[]; fault: { pattern: string; why: string } | null } {
  const patterns = [...new Set(text.normalize().split(',').map((part) => part.trim()).filter(Boolean))];
  for (const pattern of patterns) {
    const why = patternFault(pattern);
    if (why !== null) return { patterns: [], fault: { pattern, why } };
  }
  return { patterns, fault: null };
}
