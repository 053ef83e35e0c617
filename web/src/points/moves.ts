// Where a key leads in a list of rows that fold. Pure.

import type { Node } from './tree.js';

/** What a key means: another row, or a branch to fold, or a point to open or to mark. */
export type Move =
  | { readonly to: number }
  | { readonly fold: string }
  | { readonly open: string }
  | { readonly mark: string };

/** What `key` means at row `at` (-1: none yet); null for a key that is not the list's. `page`: rows in sight. */
export function move(key: string, rows: readonly Node[], at: number, page: number, isClosed: (path: string) => boolean): Move | null {
  const last = rows.length - 1;
  if (last < 0) return null;
  const to = (row: number): Move => ({ to: Math.min(last, Math.max(0, row)) });
  const row = rows[at];
  switch (key) {
    case 'ArrowDown': return to(at + 1);
    case 'ArrowUp': return to(at - 1);
    case 'PageDown': return to(at + page);
    case 'PageUp': return to(at - page);
    case 'Home': return to(0);
    case 'End': return to(last);
    case 'Enter': return !row ? null : row.kind === 'leaf' ? { open: row.key } : { fold: row.path };
    case ' ': return !row ? null : row.kind === 'leaf' ? { mark: row.key } : { fold: row.path };
    case 'ArrowRight':
      if (row?.kind !== 'branch') return null;
      return isClosed(row.path) ? { fold: row.path } : to(at + 1);
    case 'ArrowLeft': {
      if (row?.kind === 'branch' && !isClosed(row.path)) return { fold: row.path };
      const parent = row?.parent ? rows.indexOf(row.parent) : -1;
      return parent < 0 ? null : to(parent);
    }
    default: return null;
  }
}
