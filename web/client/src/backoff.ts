// How long to wait before the next try.

export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_MOST_MS = 30_000;

/** Waiting time before try number `failures`, with jitter from `random` (0 to 1): at least half of the full one. */
export function backoffMs(failures: number, random: number): number {
  const full = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures, 16));
  return (full / 2) * (1 + random);
}
