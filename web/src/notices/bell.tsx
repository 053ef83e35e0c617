// The bell in the page's head: how many messages were not seen, and all of this visit.

import { For, type JSX, Show, createEffect, createUniqueId, on } from 'solid-js';
import { numberText } from '../text/format.js';
import { text } from '../text/language.js';
import type { Notices } from './notices.js';
import { unseen } from './shelf.js';
import { Mark, Origin } from './toasts.js';

export function Bell(props: { notices: Notices }): JSX.Element {
  const id = createUniqueId();
  const count = () => unseen(props.notices.shelf());
  const worst = () => ['critical', 'warning'].find((word) => props.notices.shelf().some((one) => !one.isSeen && one.severity === word)) ?? 'info';
  const label = () => (count() === 0 ? text().notices.title : text().notices.unseen(numberText(count())));
  const toggled = (event: ToggleEvent) => event.newState === 'open' && props.notices.see();
  let list!: HTMLElement;
  createEffect(on(() => props.notices.newest(), () => list.matches(':popover-open') && props.notices.see(), { defer: true }));
  return (
    <>
      <button type="button" class="bell quiet" popovertarget={id} aria-label={label()} title={label()} data-severity={count() > 0 ? worst() : undefined}>
        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 2.5a5 5 0 0 0-5 5v3.2L3.5 14h13L15 10.7V7.5a5 5 0 0 0-5-5zM8 16.2a2 2 0 0 0 4 0" /></svg>
        <Show when={count() > 0}><span class="count number" aria-hidden="true">{numberText(count())}</span></Show>
      </button>
      <section class="all-notices" ref={list} id={id} popover="auto" aria-label={text().notices.title} onToggle={toggled}>
        <h2>{text().notices.title}</h2>
        <Show when={props.notices.shelf().length > 0} fallback={<p class="none">{text().notices.none}</p>}>
          <ul tabindex="0" aria-label={text().notices.title}>
            <For each={props.notices.shelf()}>
              {(message) => (
                <li data-severity={message.severity}>
                  <Mark severity={message.severity} />
                  <p class="text">{message.text}</p>
                  <Origin message={message} />
                </li>
              )}
            </For>
          </ul>
        </Show>
      </section>
    </>
  );
}
