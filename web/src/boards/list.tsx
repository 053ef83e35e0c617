// All boards: a card each, with a sketch of its layout.

import { A, useNavigate } from '@solidjs/router';
import { For, type JSX, Match, Show, Switch, createEffect, createSignal, on, onCleanup, onMount } from 'solid-js';
import type { Problem } from 'pointcast';
import { useGateway } from '../live/gateway.js';
import { text } from '../text/language.js';
import { type Board, readBoard } from './document.js';
import { rows } from './layout.js';
import { NewBoard } from './new.js';
import { type Line, listBoards, loadBoard } from './store.js';
import { Trouble } from './trouble.js';

/** Columns and rows that a sketch shows at least, so that small boards do not look large. */
const SKETCH_ROWS = 6;

export function BoardList(): JSX.Element {
  const [lines, setLines] = createSignal<readonly Line[] | null>(null);
  const [problem, setProblem] = createSignal<Problem | null>(null);
  const [boards, setBoards] = createSignal<ReadonlyMap<string, Board>>(new Map());
  const [isMaking, setMaking] = createSignal(false);
  const navigate = useNavigate();
  const { isLive } = useGateway();
  let ended = false;
  /** How often contact came. */
  let met = 0;

  const load = async (): Promise<void> => {
    const before = met;
    const got = await listBoards();
    if (ended) return;
    // The question was lost with the contact before this one.
    if (!got.ok && met !== before && isLive()) return load();
    setProblem(got.ok ? null : got.problem);
    setLines(got.ok ? got.value : null);
    // One after the other: the gateway reads one file at a time anyway.
    for (const { name, error } of got.ok ? got.value : []) {
      const one = error === undefined && !ended ? await loadBoard(name) : null;
      const read = one?.ok ? readBoard(one.value.json) : null;
      if (read && 'board' in read) setBoards((before) => new Map(before).set(name, read.board));
    }
  };
  // What could not be had is asked for again once there is contact again.
  createEffect(on(isLive, (live) => {
    if (!live) return;
    met += 1;
    if (problem()) void load();
  }, { defer: true }));
  onMount(() => void load());
  onCleanup(() => (ended = true));

  return (
    <div class="page boards">
      <Switch fallback={<p class="muted">{text().boards.loading}</p>}>
        <Match when={problem()}>{(one) => <Trouble problem={one()} onAgain={() => void load()} />}</Match>
        <Match when={lines()?.length === 0}>
          <section class="empty">
            <h1>{text().boards.empty.title}</h1>
            <p>{text().boards.empty.text}</p>
            <button type="button" class="main" onClick={() => setMaking(true)}>{text().boards.make}</button>
          </section>
        </Match>
        <Match when={lines()}>
          {(all) => (
            <>
              <header class="bar-top">
                <div><h1>{text().boards.heading}</h1><p class="muted">{text().boards.hint}</p></div>
                <button type="button" class="main" onClick={() => setMaking(true)}>{text().boards.make}</button>
              </header>
              <ul class="cards">
                <For each={all()}>{(line) => <Card line={line} board={boards().get(line.name)} />}</For>
              </ul>
            </>
          )}
        </Match>
      </Switch>
      <Show when={isMaking()}>
        <NewBoard taken={new Set(lines()?.map(({ name }) => name))} board={{ title: '', tiles: [], rest: {} }}
          onClose={() => setMaking(false)} onMade={(name) => navigate(`/boards/${name}`, { state: { arrange: true } })} />
      </Show>
    </div>
  );
}

function Card(props: { line: Line; board: Board | undefined }): JSX.Element {
  return (
    <li class="card panel">
      <Sketch board={props.board} />
      <h2><A class="cover" href={`/boards/${props.line.name}`}>{props.line.title ?? props.line.name}</A></h2>
      <p class="muted">
        <Show when={props.line.error === undefined} fallback={<span class="broken">■ {text().boards.broken}: {props.line.error}</span>}>
          <Show when={props.board}>{(board) => text().boards.tiles(board().tiles.length)}</Show>
          <Show when={props.line.given}> · {text().boards.given}</Show>
        </Show>
      </p>
    </li>
  );
}

function Sketch(props: { board: Board | undefined }): JSX.Element {
  const tiles = () => props.board?.tiles ?? [];
  const high = () => Math.max(SKETCH_ROWS, rows(tiles().map(({ box }) => box)));
  return (
    <svg class="sketch" viewBox={`-0.3 -0.3 12.6 ${high() * 0.62 + 0.6}`} aria-hidden="true">
      <For each={tiles()}>
        {({ box, what }) => (
          <rect data-kind={what.kind} x={box.x + 0.06} y={(box.y + 0.1) * 0.62} width={box.w - 0.12} height={(box.h - 0.2) * 0.62} rx="0.12" />
        )}
      </For>
    </svg>
  );
}
