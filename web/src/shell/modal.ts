// Dialogs over the page. All else is inert then, so what is to be read and pressed meanwhile goes into the uppermost.

import { type Accessor, createSignal, onCleanup, onMount } from 'solid-js';

const [open, setOpen] = createSignal<readonly HTMLDialogElement[]>([]);

/** The uppermost dialog, if there is one. */
export const uppermost: Accessor<HTMLDialogElement | undefined> = () => open().at(-1);

/** Opens a dialog over the page as long as its component lives, or until it is closed. */
export function createModal(dialog: () => HTMLDialogElement): void {
  onMount(() => {
    const own = dialog();
    const leave = () => void setOpen((all) => all.filter((one) => one !== own));
    own.showModal();
    setOpen((all) => [...all, own]);
    // One that may not be closed yet opens itself again.
    own.addEventListener('close', () => own.open || leave());
    onCleanup(leave);
  });
}
