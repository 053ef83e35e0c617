// Messages in sight, in a corner above everything else, within reach also while a dialog is open. What is only told goes by
// itself, what is serious stays.

import { For, type JSX, Show, createEffect, createMemo, createSignal, on, onCleanup, onMount, untrack } from 'solid-js';
import { Portal } from 'solid-js/web';
import { uppermost } from '../shell/modal.js';
import { momentText } from '../text/format.js';
import { text } from '../text/language.js';
import type { Notices } from './notices.js';
import { type Message, type Severity, inSight } from './shelf.js';
import './notices.css';

/** What is only told is in sight for so long while nobody points at it. */
const INFO_MS = 10_000;

const SHAPES: Record<Severity, string> = { info: 'ℹ', warning: '▲', critical: '■' };

/** Its severity by shape and word. */
export function Mark(props: { severity: Severity }): JSX.Element {
  return (
    <span class="severity">
      <span class="shape" aria-hidden="true">{SHAPES[props.severity]}</span> {text().notices.severity[props.severity]}
    </span>
  );
}

/** From whom and when. */
export function Origin(props: { message: Message }): JSX.Element {
  return (
    <span class="origin">
      {props.message.from === null ? text().notices.thisPage : text().notices.from(props.message.from)} · {momentText(props.message.time)}
    </span>
  );
}

export function Toasts(props: { notices: Notices }): JSX.Element {
  let list: HTMLElement | undefined;
  const sight = createMemo(() => inSight(props.notices.shelf()));
  // Above everything: what is shown last is on top.
  const lift = () => {
    if (list?.matches(':popover-open')) list.hidePopover();
    if (list?.isConnected && sight().shown.length > 0) list.showPopover();
  };
  // Not under somebody's hands.
  createEffect(on(props.notices.newest, () => list?.contains(document.activeElement) || lift(), { defer: true }));
  createEffect(on(() => sight().shown.length, (count) => {
    if (count === 0 && list?.matches(':popover-open')) list.hidePopover();
  }, { defer: true }));
  const dismiss = (key: number, at: number) => {
    props.notices.dismiss(key);
    focusNext(list, at);
  };
  return (
    <Portal mount={uppermost() ?? document.body} ref={(box) => {
      box.style.display = 'contents';
      untrack(lift);
    }}>
      <Spoken newest={props.notices.newest()} />
      <section class="toasts" ref={(element) => (list = element)} popover="manual" aria-label={text().notices.inSight}>
        <For each={sight().shown.map(({ key }) => key)}>
          {(key, at) => (
            <Show when={sight().shown.find((one) => one.key === key)}>
              {(message) => (
                <Toast message={message()} onFade={() => props.notices.fade(key)} onDismiss={() => dismiss(key, at())} />
              )}
            </Show>
          )}
        </For>
        <Show when={sight().more > 0}><p class="more">{text().notices.more(sight().more)}</p></Show>
      </section>
    </Portal>
  );
}

/** The keyboard keeps its place: at the next message, or in the dialog that it came over, or at the list of all. */
function focusNext(list: HTMLElement | undefined, at: number): void {
  const buttons = [...(list?.querySelectorAll<HTMLElement>('.toast button') ?? [])];
  const next = buttons[Math.min(at, buttons.length - 1)] ?? uppermost()?.querySelector<HTMLElement>('input, button') ?? document.querySelector<HTMLElement>('.bell');
  next?.focus();
}

function Toast(props: { message: Message; onFade: () => void; onDismiss: () => void }): JSX.Element {
  let toast!: HTMLElement;
  const [isHeld, setHeld] = createSignal(false);
  const look = () => setHeld(document.hidden || toast.matches(':hover') || toast.contains(document.activeElement));
  onMount(look);
  document.addEventListener('visibilitychange', look);
  onCleanup(() => document.removeEventListener('visibilitychange', look));
  createEffect(() => {
    if (props.message.severity !== 'info' || isHeld()) return;
    const timer = setTimeout(() => props.onFade(), INFO_MS);
    onCleanup(() => clearTimeout(timer));
  });
  return (
    <article class="toast" ref={toast} data-severity={props.message.severity} onPointerEnter={() => setHeld(true)} onPointerLeave={look}
      onFocusIn={() => setHeld(true)} onFocusOut={() => queueMicrotask(look)}>
      <header>
        <Mark severity={props.message.severity} />
        <button type="button" class="quiet" aria-label={text().notices.dismiss} title={text().notices.dismiss} onClick={() => props.onDismiss()}>✕</button>
      </header>
      <p class="text">{props.message.text}</p>
      <Origin message={props.message} />
    </article>
  );
}

/** Says the newest to screen readers: what is critical at once, the rest when there is a pause. */
function Spoken(props: { newest: Message | undefined }): JSX.Element {
  const said = (isUrgent: boolean) => {
    const { newest } = props;
    if (!newest || (newest.severity === 'critical') !== isUrgent) return '';
    return text().notices.spoken(text().notices.severity[newest.severity], newest.text);
  };
  return (
    <>
      <p class="unseen" aria-live="polite">{said(false)}</p>
      <p class="unseen" aria-live="assertive">{said(true)}</p>
    </>
  );
}
