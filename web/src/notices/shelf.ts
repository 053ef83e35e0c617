// The messages of this visit: which are in sight, which were not seen yet, and what is kept. Pure.
//
// What holds: the number kept and the length of each are bounded; what is in sight are the most serious, the newest of
// them first; nothing leaves the list but by its bound, oldest first.

/** As many are kept. */
export const MOST_KEPT = 200;
/** As many are in sight at once. */
export const MOST_SHOWN = 3;
/** As much of a text is kept, in UTF-16 units. */
export const MOST_TEXT = 2_000;

export type Severity = 'info' | 'warning' | 'critical';
const ORDER: readonly Severity[] = ['info', 'warning', 'critical'];

/** A message for people. */
export interface Message {
  /** Of this page, never the same twice: the gateway begins its own count again when it starts. */
  readonly key: number;
  readonly severity: Severity;
  readonly text: string;
  /** From whom; null where it is this page that has something to say. */
  readonly from: string | null;
  /** Unix ms by the gateway's clock. */
  readonly time: number;
  /** Whether it was read in the list or put away. */
  readonly isSeen: boolean;
  /** Whether it is to be in sight. */
  readonly isUp: boolean;
}

/** Newest first. */
export type Shelf = readonly Message[];

/** A severity as it is known here; one that is not known is looked at before it is passed over. */
export function severityOf(word: string): Severity {
  return ORDER.find((one) => one === word) ?? 'warning';
}

export function added(shelf: Shelf, message: Omit<Message, 'isSeen' | 'isUp'>): Shelf {
  const text = message.text.length > MOST_TEXT ? `${message.text.slice(0, MOST_TEXT)}…` : message.text;
  return [{ ...message, text, isSeen: false, isUp: true }, ...shelf].slice(0, MOST_KEPT);
}

/** Puts one away. */
export function dismissed(shelf: Shelf, key: number): Shelf {
  return shelf.map((one) => (one.key === key ? { ...one, isSeen: true, isUp: false } : one));
}

/** Takes one out of sight by itself: nobody may have seen it. */
export function faded(shelf: Shelf, key: number): Shelf {
  return shelf.map((one) => (one.key === key ? { ...one, isUp: false } : one));
}

/** The list was looked at: all is seen. What is not merely told stays in sight until it is put away. */
export function seen(shelf: Shelf): Shelf {
  return shelf.map((one) => ({ ...one, isSeen: true, isUp: one.isUp && one.severity !== 'info' }));
}

/** Those in sight, the most serious and of those the newest first, and how many more want to be. */
export function inSight(shelf: Shelf): { readonly shown: Shelf; readonly more: number } {
  const up = shelf.filter(({ isUp }) => isUp);
  const sorted = [...up].sort((one, other) => ORDER.indexOf(other.severity) - ORDER.indexOf(one.severity) || other.key - one.key);
  return { shown: sorted.slice(0, MOST_SHOWN), more: Math.max(0, sorted.length - MOST_SHOWN) };
}

export function unseen(shelf: Shelf): number {
  return shelf.filter(({ isSeen }) => !isSeen).length;
}
