// Keeps a draft on the gateway, step by step. What is done to the draft meanwhile is not lost.

import { readBoard, writeBoard } from './document.js';
import { type Draft, failed, met, save, saved } from './draft.js';
import { loadBoard, saveBoard } from './store.js';

/** `update` is given what turns the draft as it is by then into the next one. */
export async function keep(name: string, draft: () => Draft, update: (turn: (draft: Draft) => Draft) => void): Promise<void> {
  const saving = save(draft());
  if (!saving) return;
  update(() => saving);
  const got = await saveBoard(name, writeBoard(saving.board), saving.version);
  if (got.ok) return update((now) => saved(now, got.value));
  if (got.problem.status !== 412) return update((now) => failed(now, got.problem));
  const theirs = await loadBoard(name);
  if (theirs.ok) {
    const read = readBoard(theirs.value.json);
    return update((now) => met(now, { board: 'board' in read ? read.board : null, version: theirs.value.version }));
  }
  update((now) => (theirs.problem.status === 404 ? met(now, null) : failed(now, theirs.problem)));
}
