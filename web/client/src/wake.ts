// When a page goes away, comes back, or wakes with its machine.

/** How often clocks are looked at. */
export const LOOK_MS = 1_000;
/** Clocks that part by more than this between two looks: the machine slept. */
const SLEPT_MS = 3_000;

/** What a page lives through. */
export interface Life {
  /** It is frozen, closed, or goes to the back-forward cache. */
  away(): void;
  /** It is there again after that. */
  back(): void;
  /** It is seen again, or the network changed; `slept`: a connection cannot be trusted. */
  check(slept: boolean): void;
  /** Each `LOOK_MS`, or more rarely where a browser holds timers back. */
  look(): void;
}

/** Watches the page, or just the clocks where there is none. Returns what ends it. */
export function watchLife(life: Life): () => void {
  const end = new AbortController();
  const on = (target: EventTarget, name: string, act: (event: Event) => void): void =>
    target.addEventListener(name, act, { signal: end.signal });
  // A monotonic clock may stand still while a machine sleeps, and a dead stream would look alive.
  const parted = (): number => Date.now() - performance.now();
  let apart = parted();
  const slept = (): boolean => {
    const before = apart;
    apart = parted();
    return Math.abs(apart - before) > SLEPT_MS;
  };
  if (typeof document === 'object') {
    on(document, 'freeze', life.away);
    on(globalThis, 'pagehide', life.away);
    on(document, 'resume', life.back);
    on(globalThis, 'pageshow', life.back);
    on(globalThis, 'online', () => life.check(true));
    on(document, 'visibilitychange', () => document.visibilityState === 'visible' && life.check(slept()));
  }
  const looks = setInterval(() => {
    if (slept()) life.check(true);
    life.look();
  }, LOOK_MS);
  return () => {
    end.abort();
    clearInterval(looks);
  };
}
