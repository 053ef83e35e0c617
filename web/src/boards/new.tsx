// Asks for a new board's title and link, and keeps it.

import { type JSX, Show, createSignal } from 'solid-js';
import { text } from '../text/language.js';
import { Ask } from './ask.js';
import { type Board, MAX_TITLE_CHARS, writeBoard } from './document.js';
import { MAX_NAME_BYTES, isName, nameFor } from './name.js';
import { saveBoard } from './store.js';
import { problemText } from './trouble.js';

/** `board`: what it begins with; its title is suggested. */
export function NewBoard(props: { taken: ReadonlySet<string>; board: Board; onClose: () => void; onMade: (name: string) => void }): JSX.Element {
  const [title, setTitle] = createSignal(props.board.title);
  const [own, setOwn] = createSignal<string | null>(null);
  const [found, setFound] = createSignal<ReadonlySet<string>>(props.taken);
  const [trouble, setTrouble] = createSignal('');
  const [isBusy, setBusy] = createSignal(false);
  const name = () => own() ?? nameFor(title(), found());
  const wrong = () => (!isName(name()) ? text().boards.linkHint : found().has(name()) ? text().boards.linkTaken : '');
  const fits = () => title().trim() !== '' && wrong() === '';

  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!fits() || isBusy()) return;
    setBusy(true);
    const wanted = name();
    const got = await saveBoard(wanted, writeBoard({ ...props.board, title: title().trim() }), null);
    setBusy(false);
    if (got.ok) return props.onMade(wanted);
    // Somebody else was quicker: another name is suggested.
    if (got.problem.status === 412) setFound((before) => new Set([...before, wanted]));
    setTrouble(got.problem.status === 412 ? text().boards.linkTaken : problemText(got.problem));
  };

  return (
    <Ask title={text().boards.makeTitle} onClose={props.onClose}>
      <form class="fields" onSubmit={(event) => void make(event)}>
        <label>{text().boards.title}
          <input value={title()} maxLength={MAX_TITLE_CHARS} required autofocus onInput={(event) => setTitle(event.currentTarget.value)} />
        </label>
        <label>{text().boards.link}
          <span class="link"><span class="muted">/boards/</span>
            <input class="mono" value={name()} maxLength={MAX_NAME_BYTES} aria-invalid={wrong() !== ''} aria-describedby="new-board-link"
              onInput={(event) => setOwn(event.currentTarget.value || null)} />
          </span>
        </label>
        <p class="muted" id="new-board-link">{wrong() || text().boards.linkHint}</p>
        <Show when={trouble()}>{(words) => <p class="trouble" role="alert">■ {words()}</p>}</Show>
        <p class="row end">
          <button type="button" onClick={() => props.onClose()}>{text().boards.cancel}</button>
          <button class="main" disabled={!fits() || isBusy()}>{text().boards.create}</button>
        </p>
      </form>
    </Ask>
  );
}
