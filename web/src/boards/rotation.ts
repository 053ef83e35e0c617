// Boards that follow each other on a wall: `?kiosk&next=a,b&every=30s`. Pure.

import { isName } from './name.js';

const FIRST_MS = 30_000;
const LEAST_MS = 5_000;
const MAX_MS = 3_600_000;
const MAX_BOARDS = 20;

/** A query as the router gives it. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Whether the address asks for the board alone. */
export function isWall(query: Query): boolean {
  return query['kiosk'] !== undefined;
}

/** How long each board stays: `30s`, `2m`, `45`. */
export function everyMs(query: Query): number {
  const found = /^(\d{1,5})(s|m)?$/.exec(one(query, 'every'));
  if (!found) return FIRST_MS;
  return Math.min(MAX_MS, Math.max(LEAST_MS, Number(found[1]) * (found[2] === 'm' ? 60_000 : 1_000)));
}

/** The address of the board that follows this one; `null` where none does. */
export function nextAddress(name: string, query: Query): string | null {
  const [next, ...others] = one(query, 'next').split(',').filter(isName).slice(0, MAX_BOARDS);
  if (next === undefined) return null;
  const every = one(query, 'every');
  return `/boards/${next}?kiosk&next=${[...others, name].join()}${every ? `&every=${encodeURIComponent(every)}` : ''}`;
}

function one(query: Query, name: string): string {
  return [query[name]].flat()[0] ?? '';
}
