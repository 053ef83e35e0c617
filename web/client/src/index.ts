// Follows points of a Pointcast gateway: `connect`, `watch`, and values that say whether they are live.

import { Client } from './client.js';
import type { Options } from './types.js';

export type { Callback, Client, Events, Watch } from './client.js';
export { fault as patternFault } from './entries.js';
export type * from './types.js';

/**
 * Connects to a gateway. Returns at once; what it hears comes to watchers. It comes back by itself after whatever
 * happens to the network, the gateway or the machine, until `close`.
 */
export function connect(options: Options = {}): Client {
  return new Client(options);
}
