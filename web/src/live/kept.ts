// What of the trend's lines a browser keeps for when its page is loaded anew: the hour of the points that were chosen.
//
// What holds: it is of one run of one gateway, and nothing else is taken back; not more than an hour, and not more points
// and changes of a page than are named here. What is read is believed only as far as it was looked at. Pure.

import { MOST_LINES, idsOf } from './chosen.js';
import { AHEAD_MS, KEPT_MS, type Track } from './history.js';
import { cut, joined } from './tracks.js';

/** No more changes of a point: an hour has ten a second. */
export const MOST_CHANGES = 40_000;

/** A line as it is kept. */
export interface KeptLine extends Track {
  readonly id: string;
}

/** A line as it is taken back: until when it was known. */
export interface TakenLine extends KeptLine {
  readonly until: number;
}

/** What a page keeps. */
export interface Kept {
  /** Of which run of which gateway. */
  readonly run: string;
  /** Until when it was known, Unix ms by that gateway's clock. */
  readonly until: number;
  readonly lines: readonly KeptLine[];
}

/** What is to be kept of tracks, from `since` on. */
export function keptOf(run: string, until: number, since: number, tracks: Iterable<readonly [id: string, track: Track | undefined]>): Kept {
  const from = Math.max(since, until - KEPT_MS);
  const lines = [...tracks].slice(0, MOST_LINES).flatMap(([id, track]) => (track ? [{ id, ...cut(track, from, MOST_CHANGES) }] : []));
  return { run, until, lines };
}

/** What may be taken back at `now` of what pages kept of this run: of each point all that any of them knew. */
export function takenBack(found: readonly unknown[], run: string, now: number): readonly TakenLine[] {
  const lines = found.flatMap((one) => linesOf(one, run, now)).sort((one, other) => (one.times[0] ?? 0) - (other.times[0] ?? 0));
  const all = new Map<string, TakenLine>();
  for (const line of lines) {
    const { id, until, times } = line;
    const before = all.get(id);
    if (!before) all.set(id, line);
    else if (until > before.until) all.set(id, { id, until, ...cut(joined(before, before.until, line, times[0] ?? until), now - KEPT_MS, MOST_CHANGES) });
  }
  return [...all.values()];
}

/** What one page kept. */
function linesOf(found: unknown, run: string, now: number): TakenLine[] {
  const kept = found as { run?: unknown; until?: unknown; lines?: unknown } | null | undefined;
  if (!kept || kept.run !== run || typeof kept.until !== 'number' || !Array.isArray(kept.lines)) return [];
  const { until } = kept;
  if (!(until > now - KEPT_MS && until <= now + AHEAD_MS)) return [];
  const sound = kept.lines.slice(0, MOST_LINES).filter(isLine);
  return sound.map(({ id, ...track }) => ({ id, until: knownUntil(track, until), ...cut(track, now - KEPT_MS, MOST_CHANGES) }));
}

/** Of a line that ends in a gap nothing was known from there on: another page may know more. */
function knownUntil({ times, values }: Track, until: number): number {
  return Number.isNaN(values.at(-1)) ? Math.min(times.at(-1) ?? until, until) : until;
}

function isLine(found: unknown): found is KeptLine {
  const { id, times, values } = (found ?? {}) as { id?: unknown; times?: unknown; values?: unknown };
  return idsOf([id]).length === 1 && times instanceof Float64Array && values instanceof Float64Array && times.length > 0 && times.length === values.length
    && times.every((time, at) => Number.isFinite(time) && time >= (times[at - 1] ?? time));
}
