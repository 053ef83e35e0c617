// A board while it is arranged: its tiles in hand, what can be done with them, and keeping it.
//
// What holds: nothing that was done is lost without a question; whatever the gateway says, one can go on.

import { useBeforeLeave } from '@solidjs/router';
import { type JSX, createEffect, createSignal, createUniqueId, on, onCleanup, onMount } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import type { Watched } from '../live/watch.js';
import { text } from '../text/language.js';
import { add, duplicate, move, remove, set, step } from './arrange.js';
import type { KeptBoard } from './board.js';
import { Canvas } from './canvas.js';
import { Conflict, Leaving } from './decide.js';
import { type Board, MAX_TILES, type Tile, type What } from './document.js';
import { type Draft, begin, change, isChanged, redo, undo } from './draft.js';
import { Grip, type Held } from './grip.js';
import { keep } from './keep.js';
import { Sheet } from './sheet.js';
import { nameOf } from './tiles/tile.js';
import { Toolbar } from './toolbar.js';
import './edit.css';

/** Everything that can be made a point of a tile. */
const ALL = ['**', '$devices/**', '$gateway/**'];

export interface EditorProps {
  name: string;
  kept: KeptBoard;
  watched: Watched;
  /** The board as it is arranged now. */
  onChange: (board: Board) => void;
  /** What is kept now. */
  onDone: (kept: KeptBoard | null) => void;
}

export function Editor(props: EditorProps): JSX.Element {
  const { catalog } = useGateway();
  onCleanup(catalog.want(ALL));
  const [draft, setDraft] = createSignal<Draft>(begin(props.kept.board, props.kept.version));
  const [held, setHeld] = createSignal<Held | null>(null);
  const [chosen, setChosen] = createSignal<number | null>(null);
  const [isOpen, setOpen] = createSignal(false);
  const [said, setSaid] = createSignal('');
  const help = createUniqueId();
  const board = () => draft().board;
  const tileOf = (key: number | null) => board().tiles.find((tile) => tile.key === key);
  const seen = () => {
    const now = held();
    return now ? move(board(), now.key, now.box) : board();
  };
  createEffect(on(board, (now) => props.onChange(now)));

  const to = (next: Board, say: (tile: Tile | undefined) => string = () => '', key: number | null = null) => {
    setDraft(change(draft(), next));
    setSaid(say(tileOf(key)));
  };
  const words = () => text().boards.edit;
  const place = (tile: Tile | undefined) => (tile ? words().moved(tile.box.x + 1, tile.box.y + 1) : '');
  const size = (tile: Tile | undefined) => (tile ? words().sized(tile.box.w, tile.box.h) : '');
  const back = () => { setDraft(undo(draft())); setSaid(words().undone); };
  const again = () => { setDraft(redo(draft())); setSaid(words().redone); };
  const store = async () => {
    await keep(props.name, draft, (turn) => setDraft(turn));
    if (draft().saving.is === 'idle' && !isChanged(draft())) setSaid(words().savedNow);
  };
  const removeTile = (key: number) => {
    const tile = tileOf(key);
    if (!tile) return;
    const at = board().tiles.indexOf(tile);
    to(remove(board(), key));
    setSaid(words().removed(nameOf(tile)));
    setChosen(null);
    focusGrip((board().tiles[at] ?? board().tiles[at - 1])?.key);
  };
  const addTiles = (whats: readonly What[]) => {
    const before = board().tiles.length;
    to(add(board(), whats));
    const count = board().tiles.length - before;
    setSaid(count < whats.length ? words().full(MAX_TILES) : words().added(count));
    setOpen(false);
    if (count === 1) setChosen(board().tiles.at(-1)?.key ?? null);
  };
  const choose = (key: number | null) => {
    const before = chosen();
    setChosen(key);
    setOpen(key !== null);
    if (key === null && before !== null) focusGrip(before);
  };
  const resize = (key: number, wide: number, high: number) => {
    const box = tileOf(key)?.box;
    if (box) to(move(board(), key, { w: box.w + wide, h: box.h + high }), size, key);
  };

  const leaving = useLeaving(() => isChanged(draft()));
  useShortcuts({ undo: back, redo: again, save: () => void store() });
  const done = () => leaving.ask(() => {
    const { kept, version } = draft();
    props.onDone(kept && version ? { board: kept, version } : null);
  });

  return (
    <div class="page boards arranging">
      <Toolbar draft={draft()} onTitle={(title) => to({ ...board(), title })} onAdd={() => { setChosen(null); setOpen(true); }}
        onUndo={back} onRedo={again} onSave={() => void store()} onDone={done} />
      <p class="unseen" id={help}>{words().help}</p>
      <p class="unseen" role="status">{said()}</p>
      <div class="desk">
        <div class="table">
          <Canvas tiles={seen().tiles} watched={props.watched} fit="none" isStill held={held() && { ...held()!, box: boxOf(seen(), held()!.key) ?? held()!.box }}
            cover={(tile, cells) => (
              <Grip tile={tile} cells={cells} isChosen={chosen() === tile().key} help={help} onHold={setHeld} onChoose={choose} onRemove={removeTile}
                onPut={(key, box) => to(move(board(), key, box), place, key)}
                onStep={(key, direction) => to(step(board(), key, direction), place, key)} onResize={resize} />
            )} />
        </div>
        <Sheet tile={tileOf(chosen())} isOpen={isOpen()} room={MAX_TILES - board().tiles.length} onClose={() => { choose(null); setOpen(false); }}
          onAdd={addTiles} onSet={(key, what) => to(set(board(), key, what))} onPlace={(key, box) => to(move(board(), key, box), place, key)}
          onRemove={removeTile} onDuplicate={(key) => { to(duplicate(board(), key)); setSaid(words().added(1)); }} />
      </div>
      <Conflict draft={draft()} onDecided={(next, isSaved) => { setDraft(next); if (isSaved) void store(); }} />
      <Leaving leave={leaving.wanted()} onStay={leaving.stay} />
    </div>
  );
}

function boxOf(board: Board, key: number) {
  return board.tiles.find((tile) => tile.key === key)?.box;
}

/** The keyboard goes on at a tile, once that is drawn. */
function focusGrip(key: number | undefined): void {
  if (key !== undefined) queueMicrotask(() => document.querySelector<HTMLElement>(`.grip[data-key="${key}"]`)?.focus());
}

/** Asks before something is lost: on the way to another page, when the window is closed, and when one is done. */
function useLeaving(isChangedNow: () => boolean) {
  const [wanted, setWanted] = createSignal<(() => void) | null>(null);
  useBeforeLeave((event) => {
    if (!isChangedNow() || event.defaultPrevented) return;
    event.preventDefault();
    setWanted(() => () => event.retry(true));
  });
  const hold = (event: BeforeUnloadEvent) => { if (isChangedNow()) event.preventDefault(); };
  onMount(() => addEventListener('beforeunload', hold));
  onCleanup(() => removeEventListener('beforeunload', hold));
  return {
    wanted,
    stay: () => setWanted(null),
    ask: (go: () => void) => { if (isChangedNow()) setWanted(() => go); else go(); },
  };
}

/** Keys that people know, except while they type. */
function useShortcuts(does: { undo: () => void; redo: () => void; save: () => void }): void {
  const onKey = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const isTyping = event.target instanceof HTMLElement && event.target.matches('input:not([type="radio"], [type="checkbox"]), textarea');
    if (key === 's') {
      // A field that is being typed in is taken as it is.
      if (isTyping) (event.target as HTMLElement).blur();
      does.save();
    } else if (isTyping) return;
    else if (key === 'z' && !event.shiftKey) does.undo();
    else if (key === 'y' || key === 'z') does.redo();
    else return;
    event.preventDefault();
  };
  onMount(() => addEventListener('keydown', onKey));
  onCleanup(() => removeEventListener('keydown', onKey));
}
