// The messages that came while this page is open: notices of the gateway, and what the gateway would not send.

import { type Accessor, createSignal, onCleanup } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { text } from '../text/language.js';
import { type Message, type Severity, type Shelf, added, dismissed, faded, seen, severityOf } from './shelf.js';

/** What the bell and the messages in sight share. */
export interface Notices {
  readonly shelf: Accessor<Shelf>;
  /** The newest, for whoever hears the page instead of seeing it. */
  readonly newest: Accessor<Message | undefined>;
  dismiss(key: number): void;
  fade(key: number): void;
  see(): void;
}

/** Listens as long as the component lives. */
export function createNotices(): Notices {
  const { client, now } = useGateway();
  const [shelf, setShelf] = createSignal<Shelf>([]);
  const [newest, setNewest] = createSignal<Message>();
  const refused = new Set<string>();
  let key = 0;
  const add = (severity: Severity, words: string, from: string | null, time: number) => {
    key += 1;
    setNewest(setShelf((before) => added(before, { key, severity, text: words, from, time }))[0]);
  };
  const offNotice = client.on('notice', ({ severity, text: words, from, time }) => add(severityOf(severity), words, from, time));
  const offRefused = client.on('refused', ({ match, why }) => {
    // The same is refused again with each new connection; once said is enough.
    if (refused.has(match)) return;
    if (refused.size < MOST_REFUSED) refused.add(match);
    add('warning', text().notices.refused(match, why), null, now());
  });
  onCleanup(() => {
    offNotice();
    offRefused();
  });
  return {
    shelf,
    newest,
    dismiss: (one) => void setShelf((before) => dismissed(before, one)),
    fade: (one) => void setShelf((before) => faded(before, one)),
    see: () => void setShelf(seen),
  };
}

const MOST_REFUSED = 1_000;
