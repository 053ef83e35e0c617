// A board while it is being arranged: what it was, each step since, and what became of saving it. Pure.
//
// What holds: as many steps back are kept as `MOST_STEPS`; a board is never written over one that the person did not see,
// unless he says so; whatever happens to saving, what he did stays.

import type { Problem } from 'pointcast';
import { type Board, writeBoard } from './document.js';

export const MOST_STEPS = 100;

/** How saving stands. */
export type Saving =
  | { readonly is: 'idle' }
  | { readonly is: 'saving'; readonly sent: Board }
  /** It was not kept, and why. May be tried again. */
  | { readonly is: 'failed'; readonly problem: Problem }
  /** Somebody else changed the board (`theirs`) or removed it (`null`) meanwhile. */
  | { readonly is: 'conflict'; readonly theirs: { readonly board: Board | null; readonly version: string } | null };

/** A board that is being arranged. */
export interface Draft {
  readonly board: Board;
  /** What the gateway keeps as far as is known, and that text's version; `null` where it keeps none. */
  readonly kept: Board | null;
  readonly version: string | null;
  readonly past: readonly Board[];
  readonly future: readonly Board[];
  readonly saving: Saving;
}

/** Begins with what is kept. */
export function begin(board: Board, version: string | null): Draft {
  return { board, kept: version === null ? null : board, version, past: [], future: [], saving: { is: 'idle' } };
}

/** One step further; nothing if nothing is other than before. */
export function change(draft: Draft, board: Board): Draft {
  if (same(board, draft.board)) return draft;
  return { ...draft, board, past: [...draft.past, draft.board].slice(-MOST_STEPS), future: [] };
}

/** One step back. */
export function undo(draft: Draft): Draft {
  const board = draft.past.at(-1);
  return board ? { ...draft, board, past: draft.past.slice(0, -1), future: [...draft.future, draft.board] } : draft;
}

/** The step that was taken back. */
export function redo(draft: Draft): Draft {
  const board = draft.future.at(-1);
  return board ? { ...draft, board, past: [...draft.past, draft.board], future: draft.future.slice(0, -1) } : draft;
}

/** Whether something would be lost by leaving. */
export function isChanged({ board, kept }: Draft): boolean {
  return kept === null || !same(board, kept);
}

/** Saving begins. `null`: one is under way, or nobody has said yet which of two boards is to stay. */
export function save(draft: Draft): Draft | null {
  const { is } = draft.saving;
  return is === 'saving' || is === 'conflict' ? null : { ...draft, saving: { is: 'saving', sent: draft.board } };
}

/** It is kept, with this version. What was done meanwhile is still to be saved. */
export function saved(draft: Draft, version: string): Draft {
  return draft.saving.is === 'saving' ? { ...draft, kept: draft.saving.sent, version, saving: { is: 'idle' } } : draft;
}

/** It was not kept. */
export function failed(draft: Draft, problem: Problem): Draft {
  return { ...draft, saving: { is: 'failed', problem } };
}

/**
 * The gateway keeps another version than the one this was made from; `theirs` is what it keeps. If that is what was sent,
 * an earlier answer was lost on its way, and all is well.
 */
export function met(draft: Draft, theirs: { readonly board: Board | null; readonly version: string } | null): Draft {
  if (draft.saving.is === 'saving' && theirs?.board && same(theirs.board, draft.saving.sent)) return saved(draft, theirs.version);
  return { ...draft, saving: { is: 'conflict', theirs } };
}

/** Theirs is taken instead; one's own is a step back away. */
export function takeTheirs(draft: Draft): Draft {
  if (draft.saving.is !== 'conflict' || !draft.saving.theirs?.board) return draft;
  const { board, version } = draft.saving.theirs;
  return { ...change(draft, board), kept: board, version, saving: { is: 'idle' } };
}

/** One's own is to stand: the next save names what was seen of theirs. */
export function overTheirs(draft: Draft): Draft {
  if (draft.saving.is !== 'conflict') return draft;
  const { theirs } = draft.saving;
  return { ...draft, kept: theirs?.board ?? null, version: theirs?.version ?? null, saving: { is: 'idle' } };
}

/** Whether two boards would be kept as the same. */
export function same(one: Board, other: Board): boolean {
  return one === other || JSON.stringify(sorted(writeBoard(one))) === JSON.stringify(sorted(writeBoard(other)));
}

/** With the fields of each object in order: the gateway need not keep them as they were sent. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)).map(([field, inner]) => [field, sorted(inner)]));
}
