// What only the person can decide: whose board is to stay, and whether to leave without saving.

import { type JSX, Show } from 'solid-js';
import { text } from '../text/language.js';
import { Ask } from './ask.js';
import { type Draft, overTheirs, takeTheirs } from './draft.js';

/** Somebody else saved meanwhile. Closing the question keeps one's own, unsaved. */
export function Conflict(props: { draft: Draft; onDecided: (draft: Draft, isSaved: boolean) => void }): JSX.Element {
  const words = () => text().boards.edit.conflict;
  const conflict = () => (props.draft.saving.is === 'conflict' ? props.draft.saving : null);
  const later = () => props.onDecided({ ...props.draft, saving: { is: 'idle' } }, false);
  return (
    <Show when={conflict()}>
      {(now) => (
        <Ask title={now().theirs ? words().title : words().gone} onClose={() => { if (conflict()) later(); }}>
          <p>{words().text} <Show when={now().theirs?.board}>{words().theirsHint}</Show></p>
          <p class="row end">
            <button type="button" onClick={later}>{words().keep}</button>
            <Show when={now().theirs?.board}>
              <button type="button" onClick={() => props.onDecided(takeTheirs(props.draft), false)}>{words().theirs}</button>
            </Show>
            <button type="button" class="main" onClick={() => props.onDecided(overTheirs(props.draft), true)}>{words().mine}</button>
          </p>
        </Ask>
      )}
    </Show>
  );
}

/** `leave`: what leaving would be; `null` while nobody wants to. Enter alone throws nothing away. */
export function Leaving(props: { leave: (() => void) | null; onStay: () => void }): JSX.Element {
  const words = () => text().boards.edit.leave;
  return (
    <Show when={props.leave}>
      {(leave) => (
        <Ask title={words().title} onClose={() => props.onStay()}>
          <p>{words().text}</p>
          <p class="row end">
            <button type="button" onClick={() => { const go = leave(); props.onStay(); go(); }}>{words().yes}</button>
            <button type="button" class="main" autofocus onClick={() => props.onStay()}>{words().no}</button>
          </p>
        </Ask>
      )}
    </Show>
  );
}
