// What is seldom done with a board: a copy of it, and deleting it.

import { useNavigate } from '@solidjs/router';
import { type JSX, Show, createSignal } from 'solid-js';
import { text } from '../text/language.js';
import { Ask } from './ask.js';
import type { KeptBoard } from './board.js';
import { NewBoard } from './new.js';
import { listBoards, removeBoard } from './store.js';
import { problemText } from './trouble.js';

export function More(props: { name: string; kept: KeptBoard }): JSX.Element {
  const navigate = useNavigate();
  const [taken, setTaken] = createSignal<ReadonlySet<string> | null>(null);
  const [isGiven, setGiven] = createSignal<boolean | null>(null);
  const [trouble, setTrouble] = createSignal('');

  const lines = async () => {
    const got = await listBoards();
    setTrouble(got.ok ? '' : problemText(got.problem));
    return got.ok ? got.value : null;
  };
  const copy = async () => {
    const all = await lines();
    if (all) setTaken(new Set(all.map(({ name }) => name)));
  };
  const askToRemove = async () => {
    const all = await lines();
    if (all) setGiven(all.some(({ name, given }) => name === props.name && given));
  };
  const remove = async () => {
    const got = await removeBoard(props.name, props.kept.version);
    if (got.ok) navigate('/boards');
    else setTrouble(problemText(got.problem));
  };

  return (
    <>
      <button type="button" class="quiet" onClick={() => void copy()}>{text().boards.duplicate}</button>
      <button type="button" class="quiet" onClick={() => void askToRemove()}>{text().boards.remove}</button>
      <Show when={trouble() && isGiven() === null}><span class="trouble" role="alert">■ {trouble()}</span></Show>
      <Show when={taken()}>
        {(names) => (
          <NewBoard taken={names()} board={{ ...props.kept.board, title: text().boards.copyOf(props.kept.board.title) }}
            onClose={() => setTaken(null)} onMade={(name) => navigate(`/boards/${name}`)} />
        )}
      </Show>
      <Show when={isGiven() !== null}>
        <Ask title={isGiven() ? text().boards.remove : text().boards.removeAsk(props.kept.board.title)} onClose={() => setGiven(null)}>
          <p>{isGiven() ? text().boards.removeGiven : text().boards.removeText}</p>
          <Show when={trouble()}><p class="trouble" role="alert">■ {trouble()}</p></Show>
          <p class="row end">
            <button type="button" onClick={() => setGiven(null)}>{isGiven() ? text().close : text().boards.cancel}</button>
            <Show when={!isGiven()}><button type="button" class="main" onClick={() => void remove()}>{text().boards.removeYes}</button></Show>
          </p>
        </Ask>
      </Show>
    </>
  );
}
