// How large the cells of a board are. Pure.

import { type Box, COLUMNS } from './layout.js';

/** Narrower than this, a board has fewer columns. */
const LEAST_PX: readonly (readonly [number, number])[] = [[820, COLUMNS], [540, 4], [330, 2]];
const ROW_PX = 68;
/** A board that is a little too high or too low for the page is fitted to it. */
const LEAST_ROW_PX = 54;
const MOST_ROW_PX = 112;
/** Lower than this nothing can be read: a wall scrolls then. */
const LEAST_WALL_ROW_PX = 44;
const GAP_PX = 10;

/** All of these are for letters of this size, which the page makes larger on large screens. */
const LETTER_PX = 15;

/** Cells of a board, in pixels. */
export interface Cells {
  readonly columns: number;
  readonly columnPx: number;
  readonly rowPx: number;
  readonly gapPx: number;
}

/** Where a tile is drawn, in pixels. */
export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** How rows are fitted: to what is left of the page, to the screen, or not at all. */
export type Fit = 'page' | 'wall' | 'none';

/** What there is to draw on, and how large letters are there. */
export interface Room {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly letterPx: number;
}

/** As many columns as can be read. */
export function columnsFor({ widthPx, letterPx }: Room): number {
  return LEAST_PX.find(([least]) => widthPx * LETTER_PX >= least * letterPx)?.[1] ?? 1;
}

/** The cells of a board that has so many rows. */
export function cellsFor({ widthPx, heightPx, letterPx }: Room, columns: number, rows: number, fit: Fit): Cells {
  const scaled = (px: number) => Math.round((px * letterPx) / LETTER_PX);
  const gapPx = fit === 'wall' ? Math.max(GAP_PX, Math.round(widthPx / 160)) : GAP_PX;
  const columnPx = (widthPx - (columns - 1) * gapPx) / columns;
  const fitted = Math.floor((heightPx + gapPx) / Math.max(rows, 1)) - gapPx;
  const rowPx =
    fit === 'none' || columns < COLUMNS ? scaled(ROW_PX)
    : fit === 'wall' ? Math.max(fitted, scaled(LEAST_WALL_ROW_PX))
    : Math.min(Math.max(fitted, scaled(LEAST_ROW_PX)), scaled(MOST_ROW_PX));
  return { columns, columnPx, rowPx, gapPx };
}

/** Where a place is. */
export function rectOf({ x, y, w, h }: Box, { columnPx, rowPx, gapPx }: Cells): Rect {
  return {
    left: x * (columnPx + gapPx),
    top: y * (rowPx + gapPx),
    width: w * (columnPx + gapPx) - gapPx,
    height: h * (rowPx + gapPx) - gapPx,
  };
}
