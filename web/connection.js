// The state of the page's one stream: what each event, failure and passing of time means.
//
// Pure: `step(state, input, now)` returns the next state and what is to be done; it owns no socket, timer, clock
// or DOM. `now` is monotonic milliseconds. The shell (stream.js) does what it is told and reports back.
//
// What holds: values count as live only in phase `live`, or, while `catching`, those that came with this very
// connection. Contact lost in any way leaves both phases in the same step. At most one change of the selection
// is under way. The page never opens a second stream while one may still be open.

/** Asked of the gateway; it answers with what it grants. Silence for twice that long is a dead stream. */
export const HEARTBEAT_MS = 5_000;
/** How long an EventSource may try by itself without a sign of life before it is replaced. */
export const CONNECT_PATIENCE_MS = 60_000;
export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_MOST_MS = 30_000;

/** Before the first step. `wanted` are the patterns to follow. */
export function initial(wanted) {
  return {
    phase: 'closed', // closed | connecting | catching | live | waiting | replaced
    wanted, // what the reader wants to follow
    opened: wanted, // what the address of the open EventSource asks for
    told: null, // what the gateway is known to follow for us
    telling: null, // { points, ticket }: the change of selection under way
    ticket: 0,
    tellAt: null, // when to tell again after a failure
    tellFailures: 0,
    coming: null, // { points, revision }: taken by the gateway, its `subscribed` still on the way
    refusal: null, // why the gateway refused a selection
    client: null,
    lastId: '',
    revision: 0, // of the selection whose events arrive now
    cameFrom: '', // position at which this connection began
    connection: 0, // counts `connect` events: which connection a value came with
    catalog: null,
    heartbeatMs: HEARTBEAT_MS,
    deadline: null, // silence up to here is a dead stream
    openAt: null,
    failures: 0,
    draining: false,
    lastContact: null,
  };
}

/** Waiting time before try number `failures`, with jitter from `random` (0 to 1): at least half of the full one. */
export function backoffMs(failures, random) {
  const full = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures, 16));
  return full / 2 + (full / 2) * random;
}

/** Whether a value that came with connection number `arrived` counts as live. */
export function isLive(state, arrived) {
  return state.phase === 'live' || (state.phase === 'catching' && arrived === state.connection);
}

/** When `step` wants a `wake` input; `null` for never. */
export function wakeAt(state) {
  const times = [state.deadline, state.openAt, state.tellAt].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/**
 * The next state, and the effects in the order in which they are to be done.
 * Effects: `open {points, lastId}` · `close` · `tell {client, points, ticket}` · `drop` (all values) ·
 * `keep {points}` (drop what matches none) · `apply {points, changes}` (how many changes they stand for: none when they
 * only tell what is) · `forget {ids}` · `catalog` · `stamp {time}` · `notice {notice, epoch}`.
 */
export function step(state, input, now, random = 0.5) {
  const effects = [];
  const next = { ...state };
  STEPS[input.type](next, input, { now, random, effects });
  tellIfNeeded(next, effects, now);
  return { state: next, effects };
}

const STEPS = {
  start(state, _input, turn) {
    open(state, turn);
  },
  /** The reader wants other points. */
  want(state, { points }) {
    state.wanted = points;
    state.refusal = null;
    state.tellAt = null;
  },
  /** An event of the stream: `{ name, data, id }`, data parsed. */
  event(state, { name, data, id }, turn) {
    if (state.phase === 'waiting' || state.phase === 'replaced') return;
    if (id) state.lastId = id;
    state.lastContact = turn.now;
    EVENTS[name]?.(state, data, turn, id);
    if (state.phase === 'catching' || state.phase === 'live') state.deadline = turn.now + 2 * state.heartbeatMs;
  },
  /** The EventSource reported an error; `closed`: it has given up, else it tries again by itself. */
  error(state, { closed }, turn) {
    if (state.phase === 'waiting' || state.phase === 'replaced') return;
    if (closed) return retryLater(state, turn);
    state.phase = 'connecting';
    state.deadline = turn.now + CONNECT_PATIENCE_MS;
  },
  /** Answer to `tell`: its HTTP status (0: none came), the revision when it was taken, else why not. */
  told(state, { ticket, status, revision, why }, turn) {
    if (state.telling?.ticket !== ticket) return;
    const { points } = state.telling;
    state.telling = null;
    if (status === 200) {
      settle(state, points, revision, turn.effects);
    } else if (status === 404) {
      if (state.phase !== 'replaced') startAnew(state, turn);
    } else if (status === 0 || status === 429 || status >= 500) {
      state.tellAt = turn.now + backoffMs(state.tellFailures, turn.random);
      state.tellFailures += 1;
    } else {
      state.refusal = why || `the gateway answered ${status}`;
      if (state.wanted === points) state.wanted = state.told ?? [];
    }
  },
  wake(state, _input, turn) {
    if (state.tellAt !== null && turn.now >= state.tellAt) state.tellAt = null;
    if (state.openAt !== null && turn.now >= state.openAt) open(state, turn);
    else if (state.deadline !== null && turn.now >= state.deadline) dead(state, turn);
  },
  /** The machine slept, or the reader asks to try now. */
  retry(state, _input, turn) {
    if (state.phase !== 'replaced') dead(state, turn);
  },
  /** The reader wants the session back that another connection took. */
  takeOver(state, _input, turn) {
    if (state.phase === 'replaced') open(state, turn);
  },
};

const EVENTS = {
  connect(state, data, { now, effects }, id) {
    const anew = data.reset !== null || !data.resumed;
    if (anew) effects.push({ do: 'drop' });
    if (data.client !== state.client || data.selection !== 'kept') forgetTelling(state);
    arrived(state, data.revision, effects);
    if (data.selection === 'query') state.told = state.opened;
    if (data.selection === 'empty') state.told = [];
    if (data.selection === 'kept' && state.told === null) state.told = [];
    if (anew || state.catalog !== data.catalog) effects.push({ do: 'catalog' });
    if (Number.isFinite(data.time)) effects.push({ do: 'stamp', time: data.time });
    Object.assign(state, {
      phase: 'catching',
      client: data.client,
      revision: data.revision,
      heartbeatMs: data.heartbeat_ms,
      catalog: data.catalog,
      connection: state.connection + 1,
      cameFrom: sequenceOf(id),
      draining: false,
      openAt: null,
      tellAt: null,
      deadline: now + 2 * data.heartbeat_ms,
    });
  },
  subscribed(state, data, { effects }) {
    if (!arrived(state, data.revision, effects) && state.telling && data.revision > state.revision) {
      effects.push({ do: 'keep', points: state.telling.points });
    }
    state.revision = data.revision;
    if (data.count === 0) caughtUp(state);
  },
  points(state, data, { effects }, id) {
    const news = state.phase === 'live' && data.snapshot === undefined;
    effects.push({ do: 'apply', points: data.points, changes: news ? data.points.length + (data.skipped ?? 0) : 0 });
    if (data.snapshot === undefined) moved(state, id);
    else if (!data.more) caughtUp(state);
  },
  removed(state, data, { effects }, id) {
    effects.push({ do: 'forget', ids: data.points });
    moved(state, id);
  },
  catalog(state, data, { effects }) {
    state.catalog = data.generation;
    effects.push({ do: 'catalog' });
  },
  heartbeat(state, data, { effects }) {
    state.heartbeatMs = data.heartbeat_ms;
    effects.push({ do: 'stamp', time: data.time });
    caughtUp(state);
  },
  notice(state, data, { effects }) {
    effects.push({ do: 'notice', notice: data, epoch: epochOf(state.lastId) });
  },
  replaced(state, _data, { effects }) {
    close(state, effects);
    state.phase = 'replaced';
  },
  drain(state) {
    state.draining = true;
  },
};

/** The sequence number of an event id, `<client>.<epoch>.<seq>.<revision>`. */
function sequenceOf(id) {
  return id.split('.').at(-2);
}

/** The gateway's run that an event id is of. */
function epochOf(id) {
  return id.split('.').at(-3);
}

/** What was missed may take several frames; the position moves with the last of them. */
function moved(state, id) {
  if (sequenceOf(id) !== state.cameFrom) caughtUp(state);
}

function caughtUp(state) {
  if (state.phase !== 'catching') return;
  state.phase = 'live';
  state.failures = 0;
}

/** The gateway took `points`. Values of what left are dropped when its first event arrives, or arrived already. */
function settle(state, points, revision, effects) {
  state.told = points;
  state.refusal = null;
  state.tellFailures = 0;
  if (revision > state.revision) state.coming = { points, revision };
  else effects.push({ do: 'keep', points });
}

/** Whether `revision` is the selection that was on its way, or a later one. */
function arrived(state, revision, effects) {
  if (state.coming === null || revision < state.coming.revision) return false;
  const exact = revision === state.coming.revision;
  if (exact) effects.push({ do: 'keep', points: state.coming.points });
  state.coming = null;
  return exact;
}

function forgetTelling(state) {
  state.telling = null;
  state.coming = null;
}

function tellIfNeeded(state, effects, now) {
  const open = state.phase === 'catching' || state.phase === 'live';
  if (!open || state.telling || sameList(state.told, state.wanted)) return;
  if (state.tellAt !== null && state.tellAt > now) return;
  state.tellAt = null;
  state.ticket += 1;
  state.telling = { points: state.wanted, ticket: state.ticket };
  effects.push({ do: 'tell', client: state.client, points: state.wanted, ticket: state.ticket });
}

function sameList(one, other) {
  return one !== null && one.length === other.length && one.every((entry, at) => entry === other[at]);
}

function open(state, { now, effects }) {
  state.phase = 'connecting';
  state.opened = state.wanted;
  state.openAt = null;
  state.tellAt = null;
  state.deadline = now + CONNECT_PATIENCE_MS;
  effects.push({ do: 'open', points: state.wanted, lastId: state.lastId });
}

function close(state, effects) {
  effects.push({ do: 'close' });
  state.tellAt = null;
  state.openAt = null;
  state.deadline = null;
  state.draining = false;
}

function retryLater(state, turn) {
  close(state, turn.effects);
  state.phase = 'waiting';
  state.openAt = turn.now + backoffMs(state.failures, turn.random);
  state.failures += 1;
}

/** Nothing came for too long: the silence was patience enough, so the new stream is opened at once. */
function dead(state, turn) {
  close(state, turn.effects);
  open(state, turn);
}

/** The session is gone on the gateway's side: nothing held belongs to the next one. */
function startAnew(state, turn) {
  turn.effects.push({ do: 'drop' });
  state.lastId = '';
  state.client = null;
  state.told = null;
  forgetTelling(state);
  retryLater(state, turn);
}
