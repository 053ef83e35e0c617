// A board while it is arranged: its tiles in hand, what can be done with them, and keeping it.
//
// What holds: nothing that was done is lost without a question; whatever the gateway says, one can go on.

import { useBeforeLeave } from '@solidjs/router';
import { type JSX, Show, createEffect, createSignal, createUniqueId, on, onCleanup, onMount } from 'solid-js';
import { EVERY_POINT } from '../live/catalog.js';
import { useGateway } from '../live/gateway.js';
import type { Watched } from '../live/watch.js';
import { text } from '../text/language.js';
import { move } from './arrange.js';
import { type Arranging, createArranging } from './arranging.js';
import type { KeptBoard } from './board.js';
import { Canvas } from './canvas.js';
import { Conflict, Leaving } from './decide.js';
import { type Board, MAX_TILES } from './document.js';
import { isChanged } from './draft.js';
import { Grip, type Held } from './grip.js';
import { Sheet } from './sheet.js';
import { listBoards } from './store.js';
import { Toolbar } from './toolbar.js';
import './edit.css';

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
  onCleanup(useGateway().catalog.want(EVERY_POINT));
  const arranging = createArranging(() => props.name, props.kept);
  const { draft } = arranging;
  const board = () => draft().board;
  const [isGiven, setGiven] = createSignal(false);
  const help = createUniqueId();
  createEffect(on(board, (now) => props.onChange(now)));
  onMount(() => void listBoards().then((got) => setGiven(got.ok && got.value.some(({ name, given }) => given && name === props.name))));
  const leaving = useLeaving(() => isChanged(draft()));
  useShortcuts(arranging);
  const done = () => leaving.ask(() => {
    const { kept, version } = draft();
    props.onDone(kept && version ? { board: kept, version } : null);
  });
  return (
    <div class="page boards arranging">
      <Toolbar draft={draft()} onTitle={arranging.rename} onAdd={arranging.openToAdd} onUndo={arranging.undo} onRedo={arranging.redo}
        onSave={() => void arranging.save()} onDone={done} />
      <Show when={isGiven() && draft().version === props.kept.version}><p class="muted">{text().boards.edit.given}</p></Show>
      <p class="unseen" id={help}>{text().boards.edit.help}</p>
      <p class="unseen" role="status">{arranging.said()}</p>
      <div class="desk">
        <Table arranging={arranging} watched={props.watched} help={help} />
        <Sheet tile={arranging.chosen()} isOpen={arranging.isOpen()} room={MAX_TILES - board().tiles.length} onClose={arranging.close}
          onAdd={arranging.add} onSet={arranging.show} onPlace={arranging.place} onRemove={arranging.remove} onDuplicate={arranging.duplicate} />
      </div>
      <Conflict draft={draft()} onDecided={(next, isSaved) => {
        arranging.decide(next);
        if (isSaved) void arranging.save();
      }} />
      <Leaving leave={leaving.wanted()} onStay={leaving.stay} />
    </div>
  );
}

/** The tiles, each with a grip; while one is dragged, as they would stand if it were let go. */
function Table(props: { arranging: Arranging; watched: Watched; help: string }): JSX.Element {
  const { arranging } = props;
  const [held, setHeld] = createSignal<Held | null>(null);
  const seen = () => {
    const now = held();
    return now ? move(arranging.draft().board, now.key, now.box) : arranging.draft().board;
  };
  const shadow = () => {
    const now = held();
    return now && { ...now, box: seen().tiles.find(({ key }) => key === now.key)?.box ?? now.box };
  };
  return (
    <div class="table">
      <Canvas tiles={seen().tiles} watched={props.watched} fit="none" isStill held={shadow()}
        cover={(tile, cells) => (
          <Grip tile={tile} cells={cells} isChosen={arranging.chosen()?.key === tile().key} help={props.help} onHold={setHeld}
            onPut={arranging.place} onStep={arranging.nudge} onResize={arranging.resize} onRemove={arranging.remove} onChoose={arranging.choose} />
        )} />
    </div>
  );
}

/** Asks before something is lost: on the way to another page, when the window is closed, and when one is done. */
function useLeaving(isChangedNow: () => boolean) {
  const [wanted, setWanted] = createSignal<(() => void) | null>(null);
  useBeforeLeave((event) => {
    if (!isChangedNow() || event.defaultPrevented) return;
    event.preventDefault();
    setWanted(() => () => event.retry(true));
  });
  const hold = (event: BeforeUnloadEvent) => {
    if (isChangedNow()) event.preventDefault();
  };
  onMount(() => addEventListener('beforeunload', hold));
  onCleanup(() => removeEventListener('beforeunload', hold));
  return {
    wanted,
    stay: () => setWanted(null),
    ask(go: () => void) {
      if (isChangedNow()) setWanted(() => go);
      else go();
    },
  };
}

/** Keys that people know, except while they type. */
function useShortcuts({ undo, redo, save }: Arranging): void {
  const onKey = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const field = event.target instanceof HTMLElement && event.target.matches('input:not([type="radio"], [type="checkbox"]), textarea') ? event.target : null;
    if (key === 's') {
      // A field that is being typed in is taken as it is.
      field?.blur();
      void save();
    } else if (field) return;
    else if (key === 'z' && !event.shiftKey) undo();
    else if (key === 'y' || key === 'z') redo();
    else return;
    event.preventDefault();
  };
  onMount(() => addEventListener('keydown', onKey));
  onCleanup(() => removeEventListener('keydown', onKey));
}
