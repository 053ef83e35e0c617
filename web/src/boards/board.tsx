// One board: as it is kept, while it is arranged, or alone on a wall.
//
// What holds: what others save appears here within `AGAIN_MS`, but never under the hands of somebody who arranges.

import { A, useLocation, useNavigate } from '@solidjs/router';
import { type JSX, Match, Show, Switch, createEffect, createMemo, createSignal, on, onCleanup } from 'solid-js';
import type { Problem } from 'pointcast';
import { useGateway } from '../live/gateway.js';
import { createWatch } from '../live/watch.js';
import { text } from '../text/language.js';
import { Canvas } from './canvas.js';
import { type Board, type Fault, pointsOf, readBoard } from './document.js';
import { Editor } from './editor.js';
import { More } from './more.js';
import { isWall } from './rotation.js';
import { loadBoard } from './store.js';
import { Trouble } from './trouble.js';
import { Wall, fillScreen, useRotation } from './wall.js';

const AGAIN_MS = 30_000;

/** A board that is kept, and its version. */
export interface KeptBoard {
  readonly board: Board;
  readonly version: string;
}

type Standing = { is: 'loading' } | { is: 'failed'; problem: Problem } | { is: 'refused'; fault: Fault; version: string } | { is: 'here'; kept: KeptBoard };

const keptOf = (now: Standing): KeptBoard | null => (now.is === 'here' ? now.kept : null);

export function BoardPage(props: { name: string }): JSX.Element {
  const location = useLocation<{ arrange?: boolean }>();
  const navigate = useNavigate();
  const [standing, setStanding] = createSignal<Standing>({ is: 'loading' });
  const [arranged, setArranged] = createSignal<Board | null>(null);
  const kept = createMemo(() => keptOf(standing()));
  const [isArranging, setArranging] = createSignal(location.state?.arrange ?? false);
  const load = useLoading(() => props.name, standing, setStanding, isArranging);
  const next = useRotation(() => props.name);
  const shown = () => arranged() ?? kept()?.board;
  const watched = createWatch(createMemo(() => [...new Set(shown()?.tiles.flatMap(pointsOf))]));
  const onDone = (now: KeptBoard | null) => {
    setArranging(false);
    setArranged(null);
    if (location.state?.arrange) navigate(location.pathname, { replace: true, state: {} });
    if (now) setStanding({ is: 'here', kept: now });
  };
  return (
    <Switch fallback={<p class="page muted">{text().boards.loading}</p>}>
      <Match when={standing().is === 'failed' && (standing() as Extract<Standing, { is: 'failed' }>)}>
        {(now) => <Trouble name={props.name} problem={now().problem} onAgain={() => void load()} />}
      </Match>
      <Match when={standing().is === 'refused' && (standing() as Extract<Standing, { is: 'refused' }>)}>
        {(now) => <Trouble name={props.name} fault={now().fault} onAgain={() => void load()} />}
      </Match>
      <Match when={kept() && isWall(location.query)}><Wall name={props.name} board={kept()!.board} watched={watched} next={next()} /></Match>
      <Match when={kept() && isArranging()}>
        <Editor name={props.name} kept={kept()!} watched={watched} onChange={setArranged} onDone={onDone} />
      </Match>
      <Match when={kept()}>
        {(now) => <Shown name={props.name} kept={now()} onArrange={() => setArranging(true)}>
          <Canvas tiles={now().board.tiles} watched={watched} fit="page" />
        </Shown>}
      </Match>
    </Switch>
  );
}

/** Loads the board, and looks again for what others changed. */
function useLoading(name: () => string, standing: () => Standing, set: (now: Standing) => void, isBusy: () => boolean): () => Promise<void> {
  const { contact } = useGateway();
  let ended = false;
  const load = async () => {
    const before = keptOf(standing());
    const got = await loadBoard(name());
    // An answer to who knew less than is known now, such as what was saved meanwhile, is old.
    if (ended || keptOf(standing()) !== before || isBusy() && before) return;
    if (!got.ok) {
      // What is shown stays while the gateway does not answer; what was deleted goes.
      if (!before || got.problem.status === 404) set({ is: 'failed', problem: got.problem });
      return;
    }
    const { json, version } = got.value;
    if (before?.version === version) return;
    const read = readBoard(json);
    set('board' in read ? { is: 'here', kept: { board: read.board, version } } : { is: 'refused', fault: read.fault, version });
  };
  createEffect(on(() => contact().state === 'lost', (isLost) => {
    if (!isLost || standing().is === 'loading') void load();
  }));
  const timer = setInterval(() => {
    if (!document.hidden && !isBusy()) void load();
  }, AGAIN_MS);
  onCleanup(() => {
    ended = true;
    clearInterval(timer);
  });
  return load;
}

function Shown(props: { name: string; kept: KeptBoard; onArrange: () => void; children: JSX.Element }): JSX.Element {
  const navigate = useNavigate();
  const kiosk = () => {
    fillScreen();
    navigate(`/boards/${props.name}?kiosk`);
  };
  return (
    <div class="page boards">
      <header class="bar-top">
        <h1>{props.kept.board.title}</h1>
        <p class="row">
          <button type="button" onClick={() => props.onArrange()}>{text().boards.arrange}</button>
          <button type="button" title={text().boards.kioskHint} onClick={kiosk}>{text().boards.kiosk}</button>
          <More name={props.name} kept={props.kept} />
        </p>
      </header>
      <Show when={props.kept.board.tiles.length > 0} fallback={<NoTiles onArrange={props.onArrange} />}>{props.children}</Show>
    </div>
  );
}

function NoTiles(props: { onArrange: () => void }): JSX.Element {
  return (
    <section class="empty">
      <h2>{text().boards.noTiles.title}</h2>
      <p>{text().boards.noTiles.text}</p>
      <p class="row">
        <button type="button" class="main" onClick={() => props.onArrange()}>{text().boards.arrange}</button>
        <A class="button" href="/boards">{text().boards.failed.all}</A>
      </p>
    </section>
  );
}
