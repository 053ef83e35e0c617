// What a channel does by its reading plan: which request is on the wire from when to when. Pure.
//
// The same rules as the gateway's own scheduler: each request has a slot every interval, which begins at its own place
// within it; of the slots that have begun, the one that ends first is served first; one request at a time; a slot that
// passed unserved is skipped. Predicted as if all devices answered in the time that the plan predicts.

/** What is asked, and how often. */
export interface Recurring {
  readonly everyMs: number;
  readonly wireMs: number;
  /** Until the next request may begin; at least `wireMs`. */
  readonly busyMs: number;
  /** Its place in the channel's plan, which its place within its interval follows from. */
  readonly place: number;
}

/** A request on its way. */
export interface Block {
  /** Which of the requests, by its index. */
  readonly of: number;
  readonly startMs: number;
  readonly wireMs: number;
  readonly busyMs: number;
}

/** What a window of time holds. */
export interface Prediction {
  readonly blocks: readonly Block[];
  /** Share of the window in which the channel is busy, 0 to 1. */
  readonly busy: number;
  /** Slots that passed unserved. */
  readonly skipped: number;
  /** There is more than is kept. */
  readonly isCut: boolean;
}

/** As many blocks of a window are kept. */
export const MOST_BLOCKS = 1_000;

const BITS = 64;
const GOLDEN = 0x9e37_79b9_7f4a_7c15n;

/** Where within its interval the slot of the request at `place` begins, 0 to 1: that of the gateway's own `Rhythm`. */
export function phase(channel: string, place: number): number {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of new TextEncoder().encode(channel)) {
    hash = BigInt.asUintN(BITS, (hash ^ BigInt(byte)) * 0x0100_0000_01b3n);
  }
  const seed = BigInt.asUintN(BITS, (hash ^ (hash >> 32n)) * GOLDEN);
  const part = BigInt.asUintN(BITS, seed + BigInt(place) * GOLDEN);
  return Number(part) / 2 ** BITS;
}

/** What the channel does in its first `lengthMs`. Requests whose time is not known, or that are never made, are left out. */
export function predict(channel: string, requests: readonly Recurring[], lengthMs: number): Prediction {
  const slots = requests.flatMap(({ everyMs, wireMs, busyMs, place }, of) =>
    everyMs > 0 && busyMs > 0 ? [{ of, everyMs, wireMs, busyMs, dueMs: everyMs * phase(channel, place) }] : []);
  const blocks: Block[] = [];
  let [atMs, busyMs, skipped] = [0, 0, 0];
  for (;;) {
    const next = nextOf(slots, atMs);
    if (next === undefined) break;
    atMs = Math.max(atMs, next.dueMs);
    if (atMs >= lengthMs || blocks.length >= MOST_BLOCKS) break;
    blocks.push({ of: next.of, startMs: atMs, wireMs: next.wireMs, busyMs: next.busyMs });
    busyMs += Math.min(next.busyMs, lengthMs - atMs);
    const missed = Math.floor((atMs - next.dueMs) / next.everyMs);
    skipped += missed;
    next.dueMs += next.everyMs * (missed + 1);
    atMs += next.busyMs;
  }
  const isCut = atMs < lengthMs && blocks.length >= MOST_BLOCKS;
  return { blocks, busy: lengthMs > 0 ? busyMs / (isCut ? atMs : lengthMs) : 0, skipped, isCut };
}

/** Of the slots that have begun the one that ends first, else the one that begins first. */
function nextOf<Slot extends { readonly dueMs: number; readonly everyMs: number }>(slots: readonly Slot[], atMs: number): Slot | undefined {
  let open: Slot | undefined;
  let first: Slot | undefined;
  for (const slot of slots) {
    if (slot.dueMs <= atMs && (open === undefined || slot.dueMs + slot.everyMs < open.dueMs + open.everyMs)) open = slot;
    // Those that begin together: the one that ends first.
    const isEarlier = first === undefined || slot.dueMs < first.dueMs
      || (slot.dueMs === first.dueMs && slot.everyMs < first.everyMs);
    if (isEarlier) first = slot;
  }
  return open ?? first;
}

/** Lengths of time that a picture may show. */
const WINDOWS_MS: readonly number[] = [
  20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000,
];

/** Requests that come more rarely than so many times the most frequent one do not make the picture longer. */
const RARE = 20;

/** Lengths of time that a picture of the requests can show, and the one that shows most of their round at once. */
export function windows(requests: readonly Recurring[]): { readonly choices: readonly number[]; readonly best: number } {
  const every = requests.filter(({ everyMs, busyMs }) => everyMs > 0 && busyMs > 0).map(({ everyMs }) => everyMs);
  const shortest = Math.min(...every);
  if (!Number.isFinite(shortest)) return { choices: [], best: 0 };
  const perMs = every.reduce((sum, one) => sum + 1 / one, 0);
  const fits = WINDOWS_MS.filter((length) => length * perMs <= MOST_BLOCKS);
  const longest = Math.max(...every.filter((one) => one <= shortest * RARE));
  const choices = fits.length > 0 ? fits : [WINDOWS_MS[0] ?? 0];
  const best = choices.find((length) => length >= longest) ?? choices.at(-1) ?? 0;
  return { choices: choices.filter((length) => length >= best / RARE), best };
}

/** Where an axis has its marks: some five, at lengths that people read easily. */
export function ticks(lengthMs: number): readonly number[] {
  const rough = lengthMs / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough / power > 5 ? 10 : rough / power > 2 ? 5 : rough / power > 1 ? 2 : 1);
  const count = Math.floor(lengthMs / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, at) => at * step);
}
