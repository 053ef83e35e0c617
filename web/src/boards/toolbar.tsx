// What can be done with a board that is being arranged, and how saving it stands.

import { type JSX, Show } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { text } from '../text/language.js';
import { MAX_TILES, MAX_TITLE_CHARS } from './document.js';
import { type Draft, isChanged } from './draft.js';

export interface ToolbarProps {
  draft: Draft;
  onTitle: (title: string) => void;
  onAdd: () => void;
  onUndo: () => void;
  onRedo: () => void;
  onSave: () => void;
  onDone: () => void;
}

export function Toolbar(props: ToolbarProps): JSX.Element {
  const { contact } = useGateway();
  const words = () => text().boards.edit;
  const changed = () => isChanged(props.draft);
  const isSaving = () => props.draft.saving.is === 'saving';
  const problem = () => {
    const { saving } = props.draft;
    if (saving.is !== 'failed') return '';
    return `${words().saveFailed}: ${saving.problem.status === 0 ? words().noAnswer : saving.problem.detail}`;
  };
  const title = (input: HTMLInputElement) => {
    if (input.value.trim() === '') input.value = props.draft.board.title;
    else props.onTitle(input.value.trim());
  };
  return (
    <>
      <h1 class="unseen">{words().toolbar}: {props.draft.board.title}</h1>
      <div class="bar-top tools" role="group" aria-label={words().toolbar}>
        <input class="title" aria-label={text().boards.title} maxLength={MAX_TITLE_CHARS} value={props.draft.board.title}
          onChange={(event) => title(event.currentTarget)} />
        <p class="row">
          <button type="button" disabled={props.draft.board.tiles.length >= MAX_TILES} onClick={() => props.onAdd()}>{words().add}</button>
          <button type="button" disabled={props.draft.past.length === 0} onClick={() => props.onUndo()}>{words().undo}</button>
          <button type="button" disabled={props.draft.future.length === 0} onClick={() => props.onRedo()}>{words().redo}</button>
        </p>
        <p class="row end">
          <span class="muted">{isSaving() ? words().saving : changed() ? words().unsaved : ''}</span>
          <button type="button" class="main" disabled={!changed() || isSaving()} onClick={() => props.onSave()}>{words().save}</button>
          <button type="button" onClick={() => props.onDone()}>{changed() ? words().cancel : words().done}</button>
        </p>
      </div>
      <Show when={problem() || (contact().state === 'lost' && words().noContact)}>
        {(why) => <p class="trouble" role="alert">■ {why()}</p>}
      </Show>
    </>
  );
}
