// What a person does to a board. Pure: each gives another board.

import type { PointInfo } from 'pointcast';
import { type Board, FIRST_SPAN_MS, type Kind, MAX_TILES, MAX_POINTS, SIZES, type Tile, type What, newKey } from './document.js';
import { type Box, COLUMNS, type Direction, nudge, put, room, settle, within } from './layout.js';

const LEAST = [1, 1] as const;

/** With a tile at another place or in another size. */
export function move(board: Board, key: number, wanted: Partial<Box>): Board {
  const tile = board.tiles.find((one) => one.key === key);
  if (!tile) return board;
  const { w, h } = { ...tile.box, ...wanted };
  const [wide, high] = tile.what.kind === 'unknown' ? LEAST : SIZES[tile.what.kind].least;
  return { ...board, tiles: put(board.tiles, key, { ...wanted, w: Math.max(w, wide), h: Math.max(h, high) }) };
}

/** With a tile one step on. */
export function step(board: Board, key: number, direction: Direction): Board {
  return { ...board, tiles: nudge(board.tiles, key, direction) };
}

/** With new tiles where there is room; as many as the board may have. */
export function add(board: Board, whats: readonly What[]): Board {
  const tiles: Tile[] = [...board.tiles];
  for (const what of whats.slice(0, MAX_TILES - tiles.length)) {
    const [w, h] = SIZES[what.kind].first;
    tiles.push({ key: newKey(), what, box: room(tiles.map((tile) => tile.box), { w, h }), rest: {} });
  }
  return { ...board, tiles };
}

/** With a tile that shows something else. */
export function set(board: Board, key: number, what: What): Board {
  const tiles = board.tiles.map((tile) => (tile.key === key ? { ...tile, what, rest: tile.what.kind === what.kind ? tile.rest : {} } : tile));
  const box = tiles.find((tile) => tile.key === key)?.box;
  return box ? move({ ...board, tiles }, key, box) : board;
}

/** Without a tile. */
export function remove(board: Board, key: number): Board {
  return { ...board, tiles: settle(board.tiles.filter((tile) => tile.key !== key)) };
}

/** With a tile once more, where there is room. */
export function duplicate(board: Board, key: number): Board {
  const tile = board.tiles.find((one) => one.key === key);
  if (!tile || board.tiles.length >= MAX_TILES) return board;
  const box = room(board.tiles.map((one) => one.box), tile.box);
  return { ...board, tiles: [...board.tiles, { ...tile, key: newKey(), box }] };
}

/** The kind that shows a point best. */
export function kindFor(info: PointInfo | undefined): Kind {
  return info?.type === 'bool' || info?.labels || info?.type === 'string' ? 'lamp' : 'number';
}

/** Tiles for chosen points: one each, but a trend shows them together. */
export function tilesFor(points: readonly string[], kind: Kind | 'auto', infoOf: (id: string) => PointInfo | undefined): What[] {
  if (kind === 'trend') return points.length === 0 ? [] : [{ kind, points: points.slice(0, MAX_POINTS), span_ms: FIRST_SPAN_MS }];
  if (kind === 'text') return [{ kind, text: '' }];
  return points.map((point) => {
    const fitting = kind === 'auto' ? kindFor(infoOf(point)) : kind;
    return fitting === 'number' ? { kind: fitting, point, spark: true } : ({ kind: fitting, point } as What);
  });
}

/** The same in another kind, as far as that has the same. */
export function turned(what: Tile['what'], kind: Kind): What {
  if (what.kind === kind) return what;
  const title = 'title' in what && what.title !== undefined ? { title: what.title } : {};
  const points = 'points' in what ? what.points : 'point' in what ? [what.point] : [];
  const point = points[0] ?? '';
  if (kind === 'text') return { kind, text: '', ...title };
  if (kind === 'trend') return { kind, points, ...title };
  const decimals = 'decimals' in what && what.decimals !== undefined && kind !== 'lamp' ? { decimals: what.decimals } : {};
  const range = 'range' in what && what.range && (kind === 'gauge' || kind === 'bar') ? { range: what.range } : {};
  return { kind, point, ...title, ...decimals, ...range } as What;
}

/** The place within the columns that a dragged corner means, in cells. */
export function dragged(box: Box, by: { readonly right: number; readonly down: number }, isResized: boolean): Box {
  const { right, down } = { right: Math.round(by.right), down: Math.round(by.down) };
  if (!isResized) return within({ ...box, x: box.x + right, y: box.y + down });
  return within({ ...box, w: Math.min(box.w + right, COLUMNS - box.x), h: box.h + down });
}
