// How lines are told apart: by colour and by pattern, so that either alone will do.
//
// What holds: six colours that those who see no red or green can tell apart as well, each at least 3:1 against what is
// behind; four patterns; no two of twelve lines have both in common.

import { type Accessor, createMemo, createSignal, onCleanup } from 'solid-js';
import { appearance } from '../shell/appearance.js';

export const LIGHT = ['#0b62b0', '#c04a00', '#00775c', '#ab2f83', '#866200', '#3b4854'];
export const DARK = ['#5fb4f5', '#f58a4b', '#2fc79e', '#ee8cc8', '#e0bb45', '#c8d2dc'];
const PATTERNS = [[], [9, 4], [2, 3], [12, 3, 2, 3]] as const;

/** Colours as they are when they are asked for. */
export interface Shades {
  readonly text: string;
  readonly grid: string;
  readonly lost: string;
  readonly lines: readonly string[];
}

/** The colour of a line. */
export function colourOf(shades: Shades, slot: number): string {
  return shades.lines[slot % shades.lines.length] ?? shades.text;
}

/** Lengths of dashes and spaces of a line, in pixels; empty for one without. */
export function patternOf(slot: number): readonly number[] {
  return PATTERNS[slot % PATTERNS.length] ?? [];
}

/** The colours; anew when the reader turns from light to dark. */
export function createShades(): Accessor<Shades> {
  const query = matchMedia('(prefers-color-scheme: dark)');
  const [isDarkSystem, set] = createSignal(query.matches);
  const note = () => set(query.matches);
  query.addEventListener('change', note);
  onCleanup(() => query.removeEventListener('change', note));
  return createMemo(() => {
    const isDark = appearance() === 'dark' || (appearance() === 'auto' && isDarkSystem());
    return {
      get text() { return colour('--muted'); },
      get grid() { return colour('--line'); },
      get lost() { return colour('--lost'); },
      lines: isDark ? DARK : LIGHT,
    };
  });
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
