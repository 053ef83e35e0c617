// A board alone on a screen: nothing around it, and as large as the screen allows.
//
// What holds: how the page stands to the gateway stays in sight; while there is no contact no other board follows; one that
// cannot be shown does not hold up the others.

import { useLocation, useNavigate } from '@solidjs/router';
import { type JSX, Show, createEffect, createMemo, createSignal, onCleanup, onMount } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import type { Watched } from '../live/watch.js';
import { ContactLamp } from '../shell/contact.js';
import { durationText } from '../text/format.js';
import { text } from '../text/language.js';
import { Canvas } from './canvas.js';
import type { Board } from './document.js';
import { everyMs, isWall, nextAddress } from './rotation.js';

/** Pointer and buttons are hidden after so long without a movement. */
const CALM_MS = 3_000;

export function Wall(props: { name: string; board: Board; watched: Watched; next: string | null }): JSX.Element {
  const [isCalm, setCalm] = createSignal(false);
  onCleanup(whenCalm(setCalm));
  keepAwake();
  return (
    <div class="wall" data-calm={isCalm() ? '' : undefined}>
      <header>
        <h1>{props.board.title}</h1>
        <div class="tools"><Tools name={props.name} next={props.next} /></div>
        <ContactLamp />
      </header>
      <Canvas tiles={props.board.tiles} watched={props.watched} fit="wall" isStill />
    </div>
  );
}

function Tools(props: { name: string; next: string | null }): JSX.Element {
  const navigate = useNavigate();
  const { query } = useLocation();
  const leave = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    navigate(`/boards/${props.name}`);
  };
  return (
    <>
      <Show when={props.next}><p class="muted">{text().boards.wall.rotate(durationText(everyMs(query)))}</p></Show>
      <Show when={document.fullscreenEnabled}>
        <button type="button" onClick={() => fillScreen()}>{text().boards.wall.full}</button>
      </Show>
      <button type="button" onClick={leave}>{text().boards.wall.leave}</button>
    </>
  );
}

/** The whole screen, where the browser allows it. */
export function fillScreen(): void {
  if (document.fullscreenEnabled && !document.fullscreenElement) void document.documentElement.requestFullscreen().catch(() => {});
}

/** On a wall goes on to the next board when it is time; what that is. */
export function useRotation(name: () => string): () => string | null {
  const location = useLocation();
  const navigate = useNavigate();
  const { isLost } = useGateway();
  const next = createMemo(() => (isWall(location.query) ? nextAddress(name(), location.query) : null));
  createEffect(() => {
    const address = next();
    if (address === null || isLost()) return;
    const timer = setTimeout(() => navigate(address, { replace: true }), everyMs(location.query));
    onCleanup(() => clearTimeout(timer));
  });
  return next;
}

/** Tells when nobody has moved anything for a while. */
function whenCalm(tell: (isCalm: boolean) => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const stir = () => {
    tell(false);
    clearTimeout(timer);
    timer = setTimeout(() => tell(true), CALM_MS);
  };
  stir();
  const kinds = ['pointermove', 'pointerdown', 'keydown'] as const;
  for (const kind of kinds) addEventListener(kind, stir, { passive: true });
  return () => {
    clearTimeout(timer);
    for (const kind of kinds) removeEventListener(kind, stir);
  };
}

/** The screen is not to go dark, where the browser can hold it. It lets go when the page is hidden. */
function keepAwake(): void {
  let lock: WakeLockSentinel | null = null;
  let ended = false;
  const hold = async () => {
    if (document.hidden || !('wakeLock' in navigator)) return;
    const held = await navigator.wakeLock.request('screen').catch(() => null);
    if (ended) void held?.release();
    else lock = held;
  };
  onMount(() => {
    void hold();
    document.addEventListener('visibilitychange', hold);
  });
  onCleanup(() => {
    ended = true;
    document.removeEventListener('visibilitychange', hold);
    void lock?.release();
  });
}
