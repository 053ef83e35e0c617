// The shell around connection.js: the one EventSource, the one timer and the calls that change the selection.
// Decides nothing. Reports each state with the effects that concern values to `onStep`.

import { HEARTBEAT_MS, initial, step, wakeAt } from './connection.js';

const EVENTS = ['connect', 'subscribed', 'points', 'removed', 'catalog', 'notice', 'heartbeat', 'replaced', 'drain'];
/** A change of the selection that is not answered within this time is told again. */
const TELL_TIMEOUT_MS = 10_000;
/** Browser and monotonic clocks that part by more than this within a beat: the machine slept. */
const SLEPT_MS = 5_000;
const BEAT_MS = 1_000;

export class Stream {
  #state;
  #source = null;
  #timer = null;
  #onStep;

  /** `onStep(state, effect, seen)` for each effect on values, `onStep(state, null, seen)` after every step. */
  constructor(wanted, onStep) {
    this.#state = initial(wanted);
    this.#onStep = onStep;
  }

  get state() {
    return this.#state;
  }

  start() {
    this.#watchSleep();
    window.addEventListener('online', () => {
      if (['connecting', 'waiting'].includes(this.#state.phase)) this.feed({ type: 'retry' });
    });
    // Before a page goes to the back-forward cache or away its stream must not linger on the gateway.
    window.addEventListener('pagehide', () => this.#source?.close());
    window.addEventListener('pageshow', (event) => event.persisted && this.feed({ type: 'retry' }));
    this.feed({ type: 'start' });
  }

  feed(input) {
    const now = performance.now();
    const { state, effects } = step(this.#state, input, now, Math.random());
    this.#state = state;
    for (const effect of effects) this.#run(effect, now);
    clearTimeout(this.#timer);
    const wake = wakeAt(this.#state);
    if (wake !== null) this.#timer = setTimeout(() => this.feed({ type: 'wake' }), Math.max(0, wake - now) + 1);
    this.#onStep(this.#state, null, now);
  }

  #run(effect, now) {
    if (effect.do === 'open') this.#open(effect);
    else if (effect.do === 'close') this.#source?.close();
    else if (effect.do === 'tell') void this.#tell(effect);
    else this.#onStep(this.#state, effect, now);
  }

  #open({ points, lastId }) {
    this.#source?.close();
    const query = new URLSearchParams({ points: points.join(','), heartbeat_ms: HEARTBEAT_MS });
    if (lastId) query.set('last_event_id', lastId);
    const source = new EventSource(`/api/v1/stream?${query}`);
    this.#source = source;
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        if (this.#source !== source) return;
        this.feed({ type: 'event', name, data: JSON.parse(event.data), id: event.lastEventId });
      });
    }
    source.addEventListener('error', () => {
      if (this.#source !== source) return;
      this.feed({ type: 'error', closed: source.readyState === EventSource.CLOSED });
    });
  }

  async #tell({ client, points, ticket }) {
    const answer = { type: 'told', ticket, status: 0 };
    try {
      const response = await fetch(`/api/v1/clients/${encodeURIComponent(client)}/subscription`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ points }),
        signal: AbortSignal.timeout(TELL_TIMEOUT_MS),
      });
      const body = await response.json().catch(() => ({}));
      answer.revision = body.revision;
      answer.why = refusal(body);
      answer.status = response.ok && !Number.isInteger(body.revision) ? 0 : response.status;
    } catch {
      // No answer came: status 0 says so.
    }
    this.feed(answer);
  }

  /** The monotonic clock may stand still while a machine sleeps, and a dead stream would look alive. */
  #watchSleep() {
    let parted = Date.now() - performance.now();
    setInterval(() => {
      const apart = Date.now() - performance.now();
      if (Math.abs(apart - parted) > SLEPT_MS) this.feed({ type: 'retry' });
      parted = apart;
    }, BEAT_MS);
  }
}

/** What a problem document says, in one line. */
function refusal({ title, detail, errors }) {
  const fields = (errors ?? []).map((error) => error.detail ?? error.message).filter(Boolean);
  return [detail ?? title, ...fields].filter(Boolean).join(': ');
}
