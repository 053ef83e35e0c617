// Cutting and joining of tracks. Pure: what comes out is a copy.

import type { Track } from './history.js';

/** A track from a time on, at most its newest `most` changes; what stood at that time stands from it. */
export function cut({ times, values }: Track, from: number, most: number): Track {
  const later = times.findIndex((time) => time > from);
  const standing = (later < 0 ? times.length : later) - 1;
  const begin = Math.max(0, standing, times.length - most);
  const part = { times: times.slice(begin), values: values.slice(begin) };
  if (part.times.length > 0) part.times[0] = Math.max(from, part.times[0] ?? from);
  return part;
}

/**
 * What was known up to `until`, and what is known now from `from` on: in between nothing is. A value now that has its
 * time from before stands from when it was told.
 */
export function joined(before: Track, until: number, now: Track | undefined, from: number): Track {
  const steps: [time: number, value: number][] = [];
  for (const [at, time] of before.times.entries()) if (time <= until) steps.push([time, before.values[at] ?? NaN]);
  if (steps.length > 0 && !Number.isNaN(steps.at(-1)?.[1])) steps.push([until, NaN]);
  const after = now ? cut(now, Math.max(from, until), Infinity) : undefined;
  for (const [at, time] of after?.times.entries() ?? []) {
    const value = after?.values[at] ?? NaN;
    // No gap follows another.
    if (!Number.isNaN(value) || !Number.isNaN(steps.at(-1)?.[1] ?? NaN)) steps.push([time, value]);
  }
  return { times: Float64Array.from(steps, ([time]) => time), values: Float64Array.from(steps, ([, value]) => value) };
}
