// What stands in the place of boards that could not be loaded.

import { A } from '@solidjs/router';
import { type JSX, Show } from 'solid-js';
import type { Problem } from 'pointcast';
import { text } from '../text/language.js';
import type { Fault } from './document.js';
import { faultText } from './fault.js';

/** A problem in words: what the gateway says, or that it says nothing. */
export function problemText({ status, detail }: Problem): string {
  return status === 0 ? text().boards.failed.noAnswer : detail;
}

/** Why a board, or the list (`name` is not given), is not here. */
export function Trouble(props: { name?: string; problem?: Problem; fault?: Fault; onAgain: () => void }): JSX.Element {
  const words = () => text().boards.failed;
  const isUnknown = () => props.name !== undefined && props.problem?.status === 404;
  const title = () =>
    props.fault ? words().document : isUnknown() ? words().unknown : props.name === undefined ? words().list : words().board;
  return (
    <section class="empty" role="alert">
      <h1>{title()}</h1>
      <p>
        {props.fault ? words().documentText(faultText(props.fault))
          : isUnknown() ? words().unknownText
          : props.problem && problemText(props.problem)}
      </p>
      <p class="row">
        <Show when={!isUnknown()}><button type="button" onClick={() => props.onAgain()}>{words().again}</button></Show>
        <Show when={props.name !== undefined}><A class="button" href="/boards">{words().all}</A></Show>
      </p>
    </section>
  );
}
