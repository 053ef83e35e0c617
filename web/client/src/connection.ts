// The state of the one stream: what each event, failure and passing of time means.
//
// Pure: `step(state, input, now, random)` returns the next state and what is to be done; it owns no socket, timer or
// clock. `now` is monotonic milliseconds. The shell (engine.ts) does what it is told and reports back.
//
// What holds: values count as live only in phase `live`, or, while `catching`, those that came with this very
// connection. Contact lost in any way leaves both phases in the same step. At most one change of the selection is
// under way.

import { backoffMs } from './backoff.js';
import { CONNECT_PATIENCE_MS, type Data, type Effect, type Input, QUERY_MOST, SETTLE_MS, type State, type Turn, isOpen } from './state.js';
import { moveTo, tellIfDue, told, unsure, want } from './telling.js';

/** When `step` wants a `wake` input; Infinity for never. */
export function wakeAt({ deadline, openAt, tellAt }: State): number {
  return Math.min(deadline ?? Infinity, openAt ?? Infinity, tellAt ?? Infinity);
}

/** The next state, and the effects in the order in which they are to be done. */
export function step(before: State, input: Input, now: number, random = 0.5): { state: State; effects: Effect[] } {
  const state = { ...before };
  const turn: Turn = { now, random, effects: [] };
  take(state, input, turn);
  tellIfDue(state, turn);
  return { state, effects: turn.effects };
}

function take(state: State, input: Input, turn: Turn): void {
  switch (input.type) {
    case 'start':
      if (state.phase === 'closed') open(state, turn);
      return;
    case 'stop':
      state.phase = 'closed';
      return close(state, turn);
    case 'want':
      return want(state, input.entries);
    case 'event':
      return event(state, input.name, input.data, input.id, turn);
    case 'ended':
      return retryLater(state, turn, 'the connection was cut', input.retryMs);
    case 'refused':
      state.bare ||= input.status === 400;
      return retryLater(state, turn, input.why, input.retryMs);
    case 'told':
      return answered(state, input.ticket, input.status, input.body, turn);
    case 'wake':
      if (state.tellAt !== null && turn.now >= state.tellAt) state.tellAt = null;
      if (state.openAt !== null && turn.now >= state.openAt) open(state, turn);
      else if (state.deadline !== null && turn.now >= state.deadline) dead(state, turn);
      return;
    case 'check':
      if (state.phase === 'waiting' || (state.deadline !== null && input.slept && turn.now - state.openedAt >= SETTLE_MS)) reopen(state, turn);
      else if (state.deadline !== null && turn.now >= state.deadline) dead(state, turn);
      return;
    case 'takeOver':
      // What the tab before us was about to tell, it may have told.
      if (state.telling) unsure(state);
      open(state, turn);
  }
}

function event(state: State, name: string, data: Data, id: string, turn: Turn): void {
  if (state.deadline === null || (!isOpen(state) && name !== 'connect')) return;
  if (id) state.lastId = id;
  const { effects } = turn;
  switch (name) {
    case 'connect':
      connected(state, data, id, turn);
      break;
    case 'subscribed':
      moveTo(state, data.revision, effects);
      if (data.count === 0) caughtUp(state);
      break;
    case 'points':
      effects.push({ do: 'apply', points: data.points });
      if (data.snapshot !== undefined && !data.more) effects.push({ do: 'sweep' });
      // With nothing held before, the snapshot is all; else only the position tells that nothing is missing.
      if (data.snapshot === undefined || !state.fresh) moved(state, id);
      else if (!data.more) caughtUp(state);
      break;
    case 'removed':
      effects.push({ do: 'forget', ids: data.points });
      moved(state, id);
      break;
    case 'catalog':
      state.catalog = data.generation;
      effects.push({ do: 'catalog', generation: data.generation });
      break;
    case 'heartbeat':
      state.heartbeatMs = data.heartbeat_ms;
      effects.push({ do: 'stamp', time: data.time });
      caughtUp(state);
      break;
    case 'notice':
      // Counted anew by each run of the gateway.
      if (epochOf(state) !== state.noticeEpoch) [state.noticeEpoch, state.notice] = [epochOf(state), 0];
      if (data.id > state.notice) effects.push({ do: 'notice', notice: data });
      state.notice = Math.max(state.notice, data.id);
      break;
    case 'replaced':
      startAnew(state, turn, 'another connection took the session over');
  }
  if (isOpen(state)) state.deadline = turn.now + 2 * state.heartbeatMs;
}

function connected(state: State, data: Data, id: string, { now, effects }: Turn): void {
  const anew = data.reset !== null || !data.resumed || data.client !== state.client;
  if (anew) {
    effects.push({ do: 'drop' });
    Object.assign(state, { telling: null, coming: [], doubt: false, refused: [], revision: data.revision });
    state.told = data.selection === 'query' ? state.opened : data.selection === 'empty' ? new Map() : null;
  } else if (data.selection !== 'kept') {
    unsure(state);
  }
  moveTo(state, data.revision, effects);
  if (anew || state.catalog !== data.catalog) effects.push({ do: 'catalog', generation: data.catalog });
  Object.assign(state, {
    phase: 'catching', fresh: anew, client: data.client, toldRevision: data.revision, heartbeatMs: data.heartbeat_ms, catalog: data.catalog,
    connection: state.connection + 1, cameFrom: positionIn(id), openAt: null, tellAt: null, deadline: now + 2 * data.heartbeat_ms,
    why: null, due: true,
  });
  if (state.told?.size === 0 && state.wanted.length === 0) caughtUp(state);
}

/** The parts of an event id: `<client>.<epoch>.<seq>.<revision>`. */
const positionIn = (id: string): string | undefined => id.split('.').at(-2);
const epochOf = ({ lastId }: State): string | undefined => lastId.split('.').at(-3);

/** What was missed may take several frames; the position moves with the last of them. */
function moved(state: State, id: string): void {
  if (positionIn(id) !== state.cameFrom) caughtUp(state);
}

function caughtUp(state: State): void {
  if (state.phase !== 'catching') return;
  state.phase = 'live';
  state.failures = 0;
}

function answered(state: State, ticket: number, status: number, body: Data, turn: Turn): void {
  const { telling } = state;
  if (telling?.ticket !== ticket) return;
  if (status === 404) return startAnew(state, turn, 'the gateway no longer knows the session');
  if (status === 401) {
    unsure(state);
    return retryLater(state, turn, 'the gateway asks who this is', 0);
  }
  told(state, telling, status, body, turn);
}

function open(state: State, { now, effects }: Turn): void {
  const refused = new Set(state.refused);
  const matches = state.wanted.map(({ match }) => match).filter((match) => !refused.has(match));
  const fits = !state.bare && matches.join().length <= QUERY_MOST;
  state.phase = 'connecting';
  state.opened = new Map(fits ? matches.map((match) => [match, '']) : []);
  state.openAt = state.tellAt = null;
  state.openedAt = now;
  state.deadline = now + CONNECT_PATIENCE_MS;
  effects.push({ do: 'open', matches: [...state.opened.keys()], lastId: state.lastId });
}

function close(state: State, { effects }: Turn): void {
  effects.push({ do: 'close' });
  state.openAt = state.tellAt = state.deadline = null;
}

/** The wait that the gateway asks for parts those who lost it together; it grows with every failure in a row. */
function retryLater(state: State, turn: Turn, why: string, retryMs: number): void {
  if (state.deadline === null) return;
  close(state, turn);
  state.phase = 'waiting';
  state.why = why;
  state.openAt = turn.now + Math.max(retryMs, backoffMs(state.failures, turn.random));
  state.failures += 1;
}

/** Nothing came for too long. After contact that was patience enough, and the new stream is opened at once. */
function dead(state: State, turn: Turn): void {
  const why = 'the gateway is silent';
  if (!isOpen(state)) return retryLater(state, turn, why, 0);
  state.why = why;
  reopen(state, turn);
}

function reopen(state: State, turn: Turn): void {
  close(state, turn);
  open(state, turn);
}

/** The session is gone on the gateway's side: nothing held belongs to the next one. */
function startAnew(state: State, turn: Turn, why: string): void {
  turn.effects.push({ do: 'drop' });
  state.lastId = state.client = '';
  state.telling = state.told = null;
  state.coming = [];
  retryLater(state, turn, why, 0);
}
