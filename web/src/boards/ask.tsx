// A question over the page. Escape, and the button that the asker gives, close it.

import { type JSX, createUniqueId } from 'solid-js';
import { createModal } from '../shell/modal.js';

export function Ask(props: { title: string; onClose: () => void; children: JSX.Element }): JSX.Element {
  let dialog!: HTMLDialogElement;
  const id = createUniqueId();
  createModal(() => dialog);
  return (
    <dialog class="ask panel" ref={dialog} aria-labelledby={id} onClose={() => props.onClose()}>
      <h2 id={id}>{props.title}</h2>
      {props.children}
    </dialog>
  );
}
