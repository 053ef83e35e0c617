// Which points the gateway follows for us: what is told, and what its answers and events mean for what is held.
//
// Pure, as connection.ts. What the gateway follows is either known (`told`) or told anew as a whole. Values of points
// that may have left the selection are void from the first event of the new one. One entry that the gateway refuses
// costs that entry.

import { isOrdered, wish } from './entries.js';
import { type Data, type Effect, type State, type Tell, type Turn, TELL_MOST, isOpen } from './state.js';
import { backoffMs } from './backoff.js';
import type { Entry, Refusal } from './types.js';

/** Readers want these. */
export function want(state: State, entries: readonly Entry[]): void {
  const matches = new Set(entries.map(({ match }) => match));
  state.wanted = entries;
  state.refused = state.refused.filter((match) => matches.has(match));
  state.due = true;
}

/**
 * Events of selection `revision` begin. Values stay good of what every selection since the last one heard of took in;
 * if one of those is not known, of nothing.
 */
export function moveTo(state: State, revision: number, effects: Effect[]): void {
  if (revision <= state.revision) return;
  const passed = state.coming.filter((one) => one.revision <= revision);
  state.coming = state.coming.slice(passed.length);
  const { telling, doubt, toldRevision } = state;
  // The answer to what is being told may still be on its way.
  if (telling && !doubt && revision === toldRevision + 1) passed.push({ revision, after: telling.after });
  const known = passed.length === revision - state.revision;
  effects.push({ do: 'keep', selections: known ? passed.map(({ after }) => [...after.keys()]) : [[]] });
  state.revision = revision;
  if (known) return;
  state.told = null;
  state.due = true;
}

/** What the gateway follows for us is not known. */
export function unsure(state: State): void {
  state.telling = state.told = null;
  state.doubt = state.due = true;
}

/** The gateway answered `tell` with `status` (0: it did not). */
export function told(state: State, tell: Tell, status: number, body: Data, turn: Turn): void {
  state.telling = null;
  state.due = true;
  if (status === 200 && Number.isInteger(body?.revision)) return taken(state, tell, body, turn.effects);
  if (status === 412) {
    state.told = null;
  } else if (status >= 400 && status < 500 && status !== 429) {
    refuse(state, tell, body, turn.effects);
  } else {
    if (status !== 429 && status !== 503) unsure(state);
    state.tellAt = turn.now + backoffMs(state.tellFailures, turn.random);
    state.tellFailures += 1;
  }
}

function taken(state: State, tell: Tell, body: Data, effects: Effect[]): void {
  const { revision } = body;
  const left: Refusal[] = (body.entries ?? []).filter(({ status }: Data) => status === 'limit' || status === 'forbidden')
    .map(({ match, status }: Data) => ({ match, why: status }));
  const after = new Map(tell.after);
  for (const { match } of left) after.delete(match);
  Object.assign(state, { told: after, toldRevision: revision, tellFailures: 0, doubt: false });
  if (revision > state.revision) state.coming = [...state.coming, { revision, after }];
  blame(state, left, effects);
}

/** Only the entries that the answer names are at fault; all that were to be added, if it names none. */
function refuse(state: State, { add }: Tell, body: Data, effects: Effect[]): void {
  const why = body?.detail ?? 'the gateway refuses it';
  const named: Refusal[] = (body?.errors ?? []).flatMap(({ field, detail }: Data) => {
    const entry = add[Number(/\[(\d+)\]/.exec(field)?.[1] ?? NaN)];
    return entry ? [{ match: entry.match, why: detail ?? why }] : [];
  });
  blame(state, named.length > 0 ? named : add.map(({ match }) => ({ match, why })), effects);
}

function blame(state: State, refusals: readonly Refusal[], effects: Effect[]): void {
  if (refusals.length === 0) return;
  state.refused = [...new Set([...state.refused, ...refusals.map(({ match }) => match)])];
  effects.push({ do: 'refused', refusals });
}

/** Tells the gateway the next change, if there is one and none is under way. */
export function tellIfDue(state: State, { now, effects }: Turn): void {
  if (!state.due || !isOpen(state) || state.telling || (state.tellAt !== null && state.tellAt > now)) return;
  state.tellAt = null;
  const refused = new Set(state.refused);
  const wanted = state.wanted.filter(({ match }) => !refused.has(match));
  const added = wanted.filter((entry) => state.told?.get(entry.match) !== wish(entry));
  const names = new Set(wanted.map(({ match }) => match));
  const gone = [...(state.told?.keys() ?? [])].filter((match) => !names.has(match));
  // At the end of the list a pattern would win over others; only the least restrained may.
  const known = state.told;
  const ordered = known && added.some((entry) => (wish(entry) || known.has(entry.match)) && isOrdered(entry, wanted));
  const whole = !known || ordered;
  const add = (whole ? wanted : added).slice(0, TELL_MOST);
  const remove = whole ? [] : gone.slice(0, TELL_MOST - add.length);
  if (!whole && add.length + remove.length === 0) {
    state.due = false;
    return;
  }
  const after = new Map(whole ? [] : known);
  for (const match of remove) after.delete(match);
  for (const entry of add) after.set(entry.match, wish(entry));
  state.ticket += 1;
  state.telling = { ticket: state.ticket, add, after };
  const revision = whole ? 0 : state.toldRevision;
  const body = whole ? { points: add } : { add, remove };
  effects.push({ do: 'tell', client: state.client, ticket: state.ticket, method: whole ? 'PUT' : 'PATCH', revision, body });
}

