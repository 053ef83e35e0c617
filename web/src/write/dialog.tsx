// The dialog that writes a point: the value now, the new one, the question whether it is meant, and what became of it.
//
// What holds: nothing is sent that was not confirmed as it is sent, with every digit; it is sent once; from then on the
// dialog stays until it is known what became of it. The value now goes on being shown, and without contact nothing is sent.

import { type JSX, Match, Show, Switch, createEffect, createSignal, createUniqueId, on, onMount } from 'solid-js';
import type { PointInfo, Value, Written } from 'pointcast';
import { useGateway } from '../live/gateway.js';
import { createWatch } from '../live/watch.js';
import { createModal } from '../shell/modal.js';
import { Quality, lookOf } from '../shell/quality.js';
import { reasonText } from '../text/format.js';
import { locale, text } from '../text/language.js';
import { Field } from './field.js';
import { Outcome } from './outcome.js';
import { firstText, readValue } from './value.js';
import { exactText, faultText, shownText } from './words.js';
import './write.css';

/** Where a write stands. */
type Stage =
  | { readonly at: 'edit' }
  | { readonly at: 'confirm' | 'sending'; readonly value: Exclude<Value, null> }
  | { readonly at: 'done'; readonly value: Exclude<Value, null>; readonly written: Written };

/** `isLeft`: where it was opened from is no more, nor is it then, unless a write is under way. */
export function WriteDialog(props: { info: PointInfo; isLeft?: boolean; onEnd: () => void }): JSX.Element {
  let dialog!: HTMLDialogElement;
  const { client, isLost, catalog } = useGateway();
  const { id } = props.info;
  const watched = createWatch(() => [id]);
  const info = () => catalog.info(id) ?? props.info;
  const title = createUniqueId();
  const [stage, setStage] = createSignal<Stage>({ at: 'edit' });
  const [typed, setTyped] = createSignal('');
  const [isAsked, setAsked] = createSignal(false);
  const wrong = () => {
    const read = readValue(typed(), info(), locale());
    return isAsked() && 'fault' in read ? faultText(read.fault, info()) : '';
  };
  beginWithValueNow(id, typed, setTyped, watched, info);
  const confirm = (event: SubmitEvent) => {
    event.preventDefault();
    setAsked(true);
    const read = readValue(typed(), info(), locale());
    if ('value' in read && !isLost()) setStage({ at: 'confirm', value: read.value });
  };
  const send = async (value: Exclude<Value, null>) => {
    if (isLost() || stage().at !== 'confirm') return;
    setStage({ at: 'sending', value });
    setStage({ at: 'done', value, written: await client.write(id, value) });
  };
  // Some browsers close a dialog at a second Escape whatever the page says: what was sent is still to be told.
  const closed = () => (stage().at === 'sending' ? dialog.showModal() : props.onEnd());
  createModal(() => dialog);
  createEffect(on(() => props.isLeft, (isLeft) => {
    if (isLeft && stage().at !== 'sending') dialog.close();
  }, { defer: true }));
  return (
    <dialog class="write-dialog" ref={dialog} aria-labelledby={title} data-stage={stage().at} onClose={closed}
      onCancel={(event) => stage().at === 'sending' && event.preventDefault()}>
      <h2 id={title}>{text().write.title}</h2>
      <p class="id">{id}</p>
      <Show when={info().description}>{(description) => <p class="description">{description()}</p>}</Show>
      <ValueNow watched={watched} info={info()} />
      <Switch>
        <Match when={stage().at === 'edit'}>
          <form onSubmit={confirm} noValidate>
            <Field info={info()} typed={typed()} onType={setTyped} wrong={wrong()} />
            <NoContact isLost={isLost()} />
            <div class="actions">
              <button type="button" onClick={() => dialog.close()}>{text().write.cancel}</button>
              <button type="submit" class="main" disabled={isLost()}>{text().write.next}</button>
            </div>
          </form>
        </Match>
        <Match when={sent(stage())}>
          {(now) => (
            <Confirm now={now()} old={watched.point(id)?.value} info={info()} isLost={isLost()}
              onBack={() => setStage({ at: 'edit' })} onSend={() => void send(now().value)} />
          )}
        </Match>
        <Match when={ended(stage())}>
          {(end) => (
            <End end={end()} info={info()} onClose={() => dialog.close()} onAgain={() => setStage({ at: 'edit' })} />
          )}
        </Match>
      </Switch>
    </dialog>
  );
}

function sent(stage: Stage) {
  return stage.at === 'confirm' || stage.at === 'sending' ? stage : undefined;
}

type Ended = Extract<Stage, { at: 'done' }>;

function ended(stage: Stage): Ended | undefined {
  return stage.at === 'done' ? stage : undefined;
}

type Watching = ReturnType<typeof createWatch>;

/** The field begins with the value now, once that is there and good, unless something was typed before. */
function beginWithValueNow(id: string, typed: () => string, type: (text: string) => void, watched: Watching, info: () => PointInfo): void {
  let begun = false;
  createEffect(on(() => watched.point(id), (point) => {
    if (begun || lookOf(point) !== 'good') return;
    begun = true;
    if (typed() === '') type(firstText(point?.value, info(), locale()));
  }));
}

function ValueNow(props: { watched: Watching; info: PointInfo }): JSX.Element {
  const point = () => props.watched.point(props.info.id);
  return (
    <p class="now" data-look={lookOf(point())}>
      <span class="what">{text().write.valueNow}</span>
      <strong class="number">{shownText(point()?.value, props.info)}</strong>
      <Quality look={lookOf(point())} />
      <span class="reason">{point()?.live ? reasonText(point()?.reason) : ''}</span>
    </p>
  );
}

function NoContact(props: { isLost: boolean }): JSX.Element {
  return <p class="wrong" role="status">{props.isLost ? text().write.noContact : ''}</p>;
}

interface Asked {
  readonly now: { readonly at: string; readonly value: Exclude<Value, null> };
  readonly old: Value | undefined;
  readonly info: PointInfo;
  readonly isLost: boolean;
  readonly onBack: () => void;
  readonly onSend: () => void;
}

/** Asks whether it is meant; once it is, says that there is no way back. */
function Confirm(props: Asked): JSX.Element {
  let question!: HTMLDivElement;
  const isSending = () => props.now.at === 'sending';
  // Not on a button: who holds Enter down does not confirm by it.
  onMount(() => question.focus());
  createEffect(() => isSending() && question.focus());
  return (
    <>
      <div class="question" ref={question} tabindex="-1" role="group" aria-label={text().write.confirm}>
        <h3>{isSending() ? text().write.sending : text().write.confirm}</h3>
        <p class="change">
          <span class="id">{props.info.id}</span>
          <span class="unseen">{text().write.from}</span>
          <span class="old number">{shownText(props.old, props.info)}</span>
          <span aria-hidden="true">→</span>
          <span class="unseen">{text().write.to}</span>
          <strong class="new number">{exactText(props.now.value, props.info)}</strong>
        </p>
      </div>
      <Show when={!isSending()} fallback={<p class="hint" role="status">{text().write.noWayBack}</p>}>
        <NoContact isLost={props.isLost} />
        <div class="actions">
          <button type="button" onClick={() => props.onBack()}>{text().write.back}</button>
          <button type="button" class="main send" disabled={props.isLost} onClick={() => props.onSend()}>{text().write.send}</button>
        </div>
      </Show>
    </>
  );
}

function End(props: { end: Ended; info: PointInfo; onClose: () => void; onAgain: () => void }): JSX.Element {
  let told!: HTMLDivElement;
  onMount(() => told.focus());
  return (
    <>
      <div ref={told} tabindex="-1" role="status"><Outcome written={props.end.written} sent={props.end.value} info={props.info} /></div>
      <div class="actions">
        <button type="button" onClick={() => props.onAgain()}>{text().write.again}</button>
        <button type="button" class="main" onClick={() => props.onClose()}>{text().close}</button>
      </div>
    </>
  );
}
