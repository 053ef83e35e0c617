// Light or dark: as the system has it, unless the reader chose.

import { createSignal } from 'solid-js';

export type Appearance = 'auto' | 'light' | 'dark';
export const APPEARANCES: readonly Appearance[] = ['auto', 'light', 'dark'];
const KEPT = 'pointcast.appearance';

const [appearance, set] = createSignal<Appearance>('auto');
export { appearance };

/** Looks so from now on, and at the next visit. */
export function appear(as: Appearance): void {
  set(as);
  document.documentElement.dataset['appearance'] = as;
  try {
    localStorage.setItem(KEPT, as);
  } catch {
    // A browser that keeps nothing: it is so until the page is closed.
  }
}

/** Looks as the reader chose last. */
export function startAppearance(): void {
  let kept: string | null = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    // As above.
  }
  appear(APPEARANCES.find((one) => one === kept) ?? 'auto');
}
