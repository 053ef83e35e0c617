// How the page stands to the gateway: always in sight, and in the way of nothing until contact is lost.

import { type JSX, Show } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { momentText } from '../text/format.js';
import { text } from '../text/language.js';
import { whyText } from './why.js';

const SHAPES = { live: '●', behind: '▲', lost: '■' };

/** The lamp in the page's head. */
export function ContactLamp(): JSX.Element {
  const { contact, isFirst } = useGateway();
  return (
    <p class="contact" data-state={contact().state} role="status">
      <span class="shape" aria-hidden="true">{SHAPES[contact().state]}</span>{' '}
      {isFirst() ? text().contact.connecting : text().contact[contact().state]}
    </p>
  );
}

/** What stands over the page while there is no contact. */
export function ContactBanner(): JSX.Element {
  const { contact, isLost, isFirst } = useGateway();
  const last = () => contact().lastContact;
  return (
    <Show when={isLost() && !isFirst()}>
      <div class="banner" role="alert">
        <p>
          {last() === null ? text().contact.never : text().contact.since(momentText(last()))} {text().contact.retry}
        </p>
        <Show when={contact().why}>{(why) => <p class="why">{whyText(why())}</p>}</Show>
      </div>
    </Show>
  );
}
