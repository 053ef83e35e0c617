// The gateway's clock as far as the page can know it, so that ages are right whatever the browser's clock says.
//
// Works on the browser's monotonic clock only. Every sighting of the gateway's time bounds the difference of
// the two clocks: what was stamped G and seen at `seen` puts it at G − seen or above, and what was asked for at
// `asked` puts it at G − asked or below. Bounds that overlap are narrowed; bounds that contradict what is known
// (a clock was set, a machine slept, two clocks drifted) replace it. Pure: the caller passes both times in.

export class GatewayClock {
  #lower = -Infinity;
  #upper = Infinity;

  /** A time stamped by the gateway (Unix ms) on its way out, arrived at `seen` (monotonic ms). */
  stamp(time, seen) {
    this.#bound(time - seen, Infinity);
  }

  /** The `Date` of an answer, whole seconds as Unix ms: made between `asked` and `seen` (monotonic ms). */
  date(second, asked, seen) {
    this.#bound(second - seen, second + 1_000 - asked);
  }

  /**
   * The source time of a point that arrived at `seen`. A device's own clock may have made it, so it only
   * narrows bounds that the gateway itself has set.
   */
  source(time, seen) {
    const lower = time - seen;
    if (this.#upper !== Infinity && lower > this.#lower && lower <= this.#upper) this.#lower = lower;
  }

  /** The gateway's time (Unix ms) at monotonic `now`; `null` while nothing is known. */
  at(now) {
    return this.#lower === -Infinity ? null : now + this.#lower;
  }

  #bound(lower, upper) {
    const contradicts = lower > this.#upper || upper < this.#lower;
    this.#lower = contradicts ? lower : Math.max(this.#lower, lower);
    this.#upper = contradicts ? upper : Math.min(this.#upper, upper);
  }
}
