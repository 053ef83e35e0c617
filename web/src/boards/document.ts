// A board's document, as the gateway keeps it: checked when it is read. Pure.
//
// What holds: a document is understood, or it is said which field is wrong and what would be right. A tile that is not
// understood is shown as such and kept when the board is saved; so are fields that this page does not know.

import { patternFault } from 'pointcast';
import { type Box, COLUMNS, MOST_DOWN, MOST_HIGH, type Placed, inReadingOrder, room, settle } from './layout.js';

export const VERSION = 1;
export const MAX_TILES = 100;
/** The gateway's own bound. */
export const MAX_TITLE_CHARS = 120;
export const MAX_TEXT_CHARS = 2_000;
/** Of a trend. */
export const MAX_POINTS = 8;
export const MAX_DECIMALS = 10;
/** Values that a lamp has a word or a warning for. */
export const MAX_WORDS = 40;
export const MAX_WORD_CHARS = 60;
export const LEAST_SPAN_MS = 60_000;
export const MAX_SPAN_MS = 86_400_000;
/** Of a trend that does not say. */
export const FIRST_SPAN_MS = 15 * 60_000;

/** What a tile shows. */
export type What =
  | { readonly kind: 'number'; readonly point: string; readonly title?: string; readonly decimals?: number; readonly spark?: boolean }
  | { readonly kind: 'gauge' | 'bar'; readonly point: string; readonly title?: string; readonly decimals?: number; readonly range?: readonly [number, number] }
  | { readonly kind: 'lamp'; readonly point: string; readonly title?: string; readonly words?: Readonly<Record<string, string>>;
      readonly alarm?: readonly string[]; readonly warn?: readonly string[] }
  | { readonly kind: 'trend'; readonly points: readonly string[]; readonly title?: string; readonly span_ms?: number }
  | { readonly kind: 'text'; readonly text: string; readonly title?: string };
export type Kind = What['kind'];
export const KINDS: readonly Kind[] = ['number', 'gauge', 'lamp', 'bar', 'trend', 'text'];

/** How large each kind is to begin with, and at least. */
export const SIZES: Record<Kind, { readonly first: readonly [number, number]; readonly least: readonly [number, number] }> = {
  number: { first: [2, 2], least: [1, 1] },
  gauge: { first: [3, 3], least: [2, 2] },
  lamp: { first: [2, 1], least: [1, 1] },
  bar: { first: [3, 1], least: [2, 1] },
  trend: { first: [6, 4], least: [3, 2] },
  text: { first: [3, 2], least: [1, 1] },
};

/** What is wrong, and what would be right: `least` and `most` where there are bounds. */
export interface Fault {
  readonly field: string;
  readonly want: 'object' | 'version' | 'list' | 'kind' | 'id' | 'ids' | 'text' | 'whole' | 'range' | 'flag' | 'words' | 'values';
  readonly least?: number;
  readonly most?: number;
}

/** A tile on a board. `rest`: fields that are kept as they came; all of them where it is not understood. */
export interface Tile extends Placed {
  readonly what: What | { readonly kind: 'unknown'; readonly why: Fault };
  readonly rest: Raw;
}

/** A board as it is shown and arranged. */
export interface Board {
  readonly title: string;
  readonly tiles: readonly Tile[];
  readonly rest: Raw;
}

export type Raw = Readonly<Record<string, unknown>>;
export type Read = { readonly board: Board } | { readonly fault: Fault };

let lastKey = 0;
/** What tells a tile from all others of this page. */
export const newKey = (): number => (lastKey += 1);

/** Reads what the gateway keeps. */
export function readBoard(json: unknown): Read {
  if (!isRaw(json)) return { fault: { field: 'board', want: 'object' } };
  const { version, title, tiles, ...rest } = json;
  if (version !== undefined && version !== VERSION) return { fault: { field: 'version', want: 'version', most: VERSION } };
  if (!isText(title, 1, MAX_TITLE_CHARS)) return { fault: { field: 'title', want: 'text', least: 1, most: MAX_TITLE_CHARS } };
  if (!Array.isArray(tiles) || tiles.length > MAX_TILES) return { fault: { field: 'tiles', want: 'list', most: MAX_TILES } };
  const wrong = tiles.findIndex((tile) => !isRaw(tile));
  if (wrong >= 0) return { fault: { field: `tiles[${wrong}]`, want: 'object' } };
  return { board: { title, tiles: inReadingOrder(placed(tiles as Raw[])), rest } };
}

/** What the gateway is to keep: tiles in the order in which people read them. */
export function writeBoard({ title, tiles, rest }: Board): Raw {
  return { ...rest, version: VERSION, title, tiles: inReadingOrder(tiles).map(writeTile) };
}

/** The points that a tile shows. */
export function pointsOf({ what }: Pick<Tile, 'what'>): readonly string[] {
  return 'points' in what ? what.points : 'point' in what ? [what.point] : [];
}

/** Whether a text is the id of a point. */
export function isId(text: unknown): text is string {
  return typeof text === 'string' && text !== '' && !text.includes('*') && patternFault(text) === null;
}

function writeTile({ what, box, rest }: Tile): Raw {
  return what.kind === 'unknown' ? { ...rest, ...box } : { ...rest, ...what, ...box };
}

/** Those that say where they stand first; the others where there is room. */
function placed(tiles: readonly Raw[]): Tile[] {
  const read = tiles.map(readTile);
  const boxes = settle(read.flatMap(({ key, box }) => (box ? [{ key, box }] : [])));
  const found = new Map(boxes.map(({ key, box }) => [key, box]));
  return read.map(({ key, box, size, what, rest }) => {
    const place = box ? found.get(key) : undefined;
    if (place) return { key, box: place, what, rest };
    const free = room([...found.values()], size);
    found.set(key, free);
    return { key, box: free, what, rest };
  });
}

interface ReadTile { key: number; box: Box | null; size: Pick<Box, 'w' | 'h'>; what: Tile['what']; rest: Raw }

function readTile(raw: Raw): ReadTile {
  const fields = new Fields(raw);
  const kind = KINDS.find((one) => one === raw['kind']);
  const what = kind && readWhat(kind, fields);
  const [w, h] = SIZES[kind ?? 'number'].first;
  const size = { w: fields.whole('w', 1, COLUMNS) ?? w, h: fields.whole('h', 1, MOST_HIGH) ?? h };
  const x = fields.whole('x', 0, COLUMNS - size.w);
  const y = fields.whole('y', 0, MOST_DOWN);
  const box = x === undefined || y === undefined ? null : { x, y, ...size };
  const why = kind ? fields.fault : { field: 'kind', want: 'kind' as const };
  if (!what || why) return { key: newKey(), box, size, what: { kind: 'unknown', why: why ?? { field: 'kind', want: 'kind' } }, rest: raw };
  return { key: newKey(), box, size, what, rest: fields.rest() };
}

function readWhat(kind: Kind, fields: Fields): What {
  const title = fields.text('title', 1, MAX_TITLE_CHARS);
  if (kind === 'text') return known({ kind, title, text: fields.needed(fields.text('text', 0, MAX_TEXT_CHARS), { field: 'text', want: 'text', least: 0, most: MAX_TEXT_CHARS }) ?? '' });
  if (kind === 'trend') return known({ kind, title, points: fields.ids('points'), span_ms: fields.whole('span_ms', LEAST_SPAN_MS, MAX_SPAN_MS) });
  const point = fields.needed(fields.id('point'), { field: 'point', want: 'id' }) ?? '';
  if (kind === 'lamp') return known({ kind, point, title, words: fields.words('words'), alarm: fields.values('alarm'), warn: fields.values('warn') });
  const decimals = fields.whole('decimals', 0, MAX_DECIMALS);
  if (kind === 'number') return known({ kind, point, title, decimals, spark: fields.flag('spark') });
  return known({ kind, point, title, decimals, range: fields.range('range') });
}

/** Without what is not set. */
export function known(what: { readonly [field: string]: unknown; readonly kind: Kind }): What {
  return Object.fromEntries(Object.entries(what).filter(([, value]) => value !== undefined)) as unknown as What;
}

/** Takes fields out of a tile; remembers the first that is wrong. What is not there is `undefined`. */
class Fields {
  readonly #raw: Raw;
  readonly #taken = new Set(['kind']);
  fault: Fault | null = null;

  constructor(raw: Raw) {
    this.#raw = raw;
  }

  /** What nobody asked for. */
  rest(): Raw {
    return Object.fromEntries(Object.entries(this.#raw).filter(([field]) => !this.#taken.has(field)));
  }

  needed<T>(value: T | undefined, fault: Fault): T | undefined {
    if (value === undefined) this.fault ??= fault;
    return value;
  }

  text(field: string, least: number, most: number): string | undefined {
    return this.#take(field, { field, want: 'text', least, most }, (value) => isText(value, least, most, field === 'text'));
  }

  id(field: string): string | undefined {
    return this.#take(field, { field, want: 'id' }, isId);
  }

  ids(field: string): readonly string[] {
    const fault: Fault = { field, want: 'ids', most: MAX_POINTS };
    const isList = (value: unknown): value is string[] => Array.isArray(value) && value.length > 0 && value.length <= MAX_POINTS && value.every(isId);
    return this.needed(this.#take(field, fault, isList), fault) ?? [];
  }

  whole(field: string, least: number, most: number): number | undefined {
    const isWhole = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
    return this.#take(field, { field, want: 'whole', least, most }, isWhole);
  }

  flag(field: string): boolean | undefined {
    return this.#take(field, { field, want: 'flag' }, (value): value is boolean => typeof value === 'boolean');
  }

  range(field: string): readonly [number, number] | undefined {
    return this.#take(field, { field, want: 'range' }, isRange);
  }

  words(field: string): Readonly<Record<string, string>> | undefined {
    const isWords = (value: unknown): value is Record<string, string> =>
      isRaw(value) && Object.keys(value).length <= MAX_WORDS && Object.values(value).every((word) => isText(word, 1, MAX_WORD_CHARS));
    return this.#take(field, { field, want: 'words', most: MAX_WORDS }, isWords);
  }

  values(field: string): readonly string[] | undefined {
    const isValues = (value: unknown): value is string[] =>
      Array.isArray(value) && value.length <= MAX_WORDS && value.every((one) => isText(one, 1, MAX_WORD_CHARS));
    return this.#take(field, { field, want: 'values', most: MAX_WORDS }, isValues);
  }

  #take<T>(field: string, fault: Fault, fits: (value: unknown) => value is T): T | undefined {
    this.#taken.add(field);
    const value = this.#raw[field];
    if (value === undefined) return undefined;
    if (fits(value)) return value;
    this.fault ??= fault;
    return undefined;
  }
}

function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a pair of numbers is a range. */
export function isRange(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite) && (value[0] as number) < (value[1] as number);
}

function isText(value: unknown, least: number, most: number, lines = false): value is string {
  if (typeof value !== 'string') return false;
  const length = [...value].length;
  const control = lines ? /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/ : /[\u0000-\u001f\u007f-\u009f]/;
  return length >= least && length <= most && !control.test(value);
}
