// What a person does while he arranges a board: each step, what is said of it, and where the keyboard goes on.

import { type Accessor, createSignal } from 'solid-js';
import { text } from '../text/language.js';
import { add, duplicate, move, remove, set, step } from './arrange.js';
import { type Board, MAX_TILES, type Tile, type What } from './document.js';
import { type Draft, begin, change, isChanged, redo, undo } from './draft.js';
import { keep } from './keep.js';
import type { Box, Direction } from './layout.js';
import { nameOf } from './tiles/tile.js';

/** A board in somebody's hands. */
export interface Arranging {
  readonly draft: Accessor<Draft>;
  /** What screen readers are told of the last step. */
  readonly said: Accessor<string>;
  /** The chosen tile; none where there is none. */
  readonly chosen: Accessor<Tile | undefined>;
  /** Whether the sheet is open where it would cover the board. */
  readonly isOpen: Accessor<boolean>;
  decide(draft: Draft): void;
  rename(title: string): void;
  place(key: number, box: Partial<Box>): void;
  nudge(key: number, direction: Direction): void;
  resize(key: number, wide: number, high: number): void;
  show(key: number, what: What): void;
  add(whats: readonly What[]): void;
  duplicate(key: number): void;
  remove(key: number): void;
  undo(): void;
  redo(): void;
  save(): Promise<void>;
  choose(key: number, byKeyboard: boolean): void;
  close(): void;
  openToAdd(): void;
}

type State = ReturnType<typeof createState>;

export function createArranging(name: () => string, kept: { readonly board: Board; readonly version: string }): Arranging {
  const state = createState(kept);
  const { draft, setDraft, key, setKey, setOpen, setSaid } = state;
  return {
    draft,
    said: state.said,
    isOpen: state.isOpen,
    chosen: () => state.tileOf(key()),
    decide: setDraft,
    ...places(state),
    ...tiles(state),
    undo() {
      setDraft(undo(draft()));
      setSaid(text().boards.edit.undone);
    },
    redo() {
      setDraft(redo(draft()));
      setSaid(text().boards.edit.redone);
    },
    async save() {
      await keep(name(), draft, (turn) => setDraft(turn));
      if (draft().saving.is === 'idle' && !isChanged(draft())) setSaid(text().boards.edit.savedNow);
    },
    choose(of, byKeyboard) {
      setKey(of);
      setOpen(true);
      if (byKeyboard) focusOn('.sheet select');
    },
    close() {
      const before = key();
      setKey(null);
      setOpen(false);
      if (before !== null) focusGrip(before);
    },
    openToAdd() {
      setKey(null);
      setOpen(true);
      focusOn('.sheet .picker input');
    },
  };
}

function createState(kept: { readonly board: Board; readonly version: string }) {
  const [draft, setDraft] = createSignal<Draft>(begin(kept.board, kept.version));
  const [key, setKey] = createSignal<number | null>(null);
  const [isOpen, setOpen] = createSignal(false);
  const [said, setSaid] = createSignal('');
  const board = () => draft().board;
  return {
    draft, setDraft, key, setKey, isOpen, setOpen, said, setSaid, board,
    tileOf: (of: number | null) => board().tiles.find((tile) => tile.key === of),
    to: (next: Board) => setDraft(change(draft(), next)),
  };
}

/** Where tiles stand, and how large they are. */
function places({ board, tileOf, to, setSaid }: State): Pick<Arranging, 'place' | 'nudge' | 'resize'> {
  const sayPlace = (of: number) => {
    const box = tileOf(of)?.box;
    if (box) setSaid(text().boards.edit.moved(box.x + 1, box.y + 1));
  };
  return {
    place(of, box) {
      to(move(board(), of, box));
      sayPlace(of);
    },
    nudge(of, direction) {
      to(step(board(), of, direction));
      sayPlace(of);
    },
    resize(of, wide, high) {
      const box = tileOf(of)?.box;
      if (!box) return;
      to(move(board(), of, { w: box.w + wide, h: box.h + high }));
      const now = tileOf(of)?.box ?? box;
      setSaid(text().boards.edit.sized(now.w, now.h));
    },
  };
}

/** Which tiles there are, and what they show. */
function tiles({ board, tileOf, to, setSaid, setKey, setOpen }: State): Pick<Arranging, 'rename' | 'show' | 'add' | 'duplicate' | 'remove'> {
  const words = () => text().boards.edit;
  return {
    rename: (title) => to({ ...board(), title }),
    show: (of, what) => to(set(board(), of, what)),
    add(whats) {
      const before = board().tiles.length;
      to(add(board(), whats));
      const count = board().tiles.length - before;
      setSaid(count < whats.length ? words().full(MAX_TILES) : words().added(count));
      setOpen(false);
      if (count === 1) setKey(board().tiles.at(-1)?.key ?? null);
    },
    duplicate(of) {
      to(duplicate(board(), of));
      setSaid(words().added(1));
    },
    remove(of) {
      const tile = tileOf(of);
      if (!tile) return;
      const at = board().tiles.indexOf(tile);
      to(remove(board(), of));
      setSaid(words().removed(nameOf(tile)));
      setKey(null);
      setOpen(false);
      focusGrip((board().tiles[at] ?? board().tiles[at - 1])?.key);
    },
  };
}

/** The keyboard goes on at a tile. */
function focusGrip(key: number | undefined): void {
  if (key !== undefined) focusOn(`.grip[data-key="${key}"]`);
}

/** Once that is drawn. */
function focusOn(selector: string): void {
  queueMicrotask(() => document.querySelector<HTMLElement>(selector)?.focus());
}
