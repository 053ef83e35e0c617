// The one way to the gateway: the client, how it stands, the gateway's time, and what points are called.

import { type Accessor, createContext, createMemo, createSignal, onCleanup, useContext } from 'solid-js';
import { type Client, type Contact, connect } from 'pointcast';
import { Catalog } from './catalog.js';
import { type Chosen, createChosen } from './chosen.js';
import { createClock } from './clock.js';
import { History } from './history.js';
import { type Store, createKeeper } from './keeper.js';
import { browserStore } from './store.js';
import { GatewayTime } from './time.js';

/** What every page has of the gateway. */
export interface Gateway {
  readonly client: Client;
  readonly contact: Accessor<Contact>;
  /** Whether it is heard, and all is up to date. Anew only when that changes, as the next two. */
  readonly isLive: Accessor<boolean>;
  /** Whether it is not heard. */
  readonly isLost: Accessor<boolean>;
  /** Whether it is not heard as the page has only just been opened: so far nothing is wrong. */
  readonly isFirst: Accessor<boolean>;
  /** The gateway's time, Unix ms, anew each second. */
  readonly now: Accessor<number>;
  /** The same to the millisecond, not tracked. */
  readonly time: GatewayTime;
  readonly catalog: Catalog;
  /** What the points that were watched have been. */
  readonly history: History;
  /** The points of the trend. */
  readonly chosen: Chosen;
  /** Whether what its points were before the page was loaded anew is back, as far as that was kept. */
  readonly isRestored: Accessor<boolean>;
}

const Context = createContext<Gateway>();
export const GatewayProvider = Context.Provider;

/** Eyes see no more often than this; what comes between goes out in one frame, the first after quiet at once. */
const FRAME_MS = 100;

/** Connects; closed with the component that asked. */
export function createGateway(client: Client = connect({ intervalMs: FRAME_MS }), store: Store = browserStore()): Gateway {
  const [contact, setContact] = createSignal(client.contact);
  client.on('contact', setContact);
  const time = new GatewayTime(client);
  const clock = createClock(client, time);
  onCleanup(() => client.close());
  const records = { client, time, catalog: new Catalog(client), history: new History() };
  const chosen = createChosen(records);
  const isLive = createMemo(() => contact().state === 'live');
  const isLost = createMemo(() => contact().state === 'lost');
  const isFirst = createMemo(() => isLost() && contact().lastContact === null && contact().why === null);
  return { ...records, contact, isLive, isLost, isFirst, now: clock, chosen, isRestored: createKeeper(records, chosen.ids, store) };
}

/** The gateway of the page around. */
export function useGateway(): Gateway {
  const gateway = useContext(Context);
  if (!gateway) throw new Error('there is no gateway around this component');
  return gateway;
}
