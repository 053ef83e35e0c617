// The stream over `fetch`.
//
// It is read here and not by the browser's `EventSource`, for four reasons: it is one reader in browsers, workers
// and Node; the place to resume from goes in a header and not in an address that is logged; a refusal can be read, with
// its `Retry-After`; and no second reconnecting machine works beside ours.

import { problemOf } from './call.js';
import { Rows } from './compact.js';
import { EventReader } from './sse.js';
import type { Data } from './state.js';

/** What becomes of a stream; after `end` or `refuse` comes nothing more, nor after it was closed. */
export interface Listener {
  event(name: string, data: Data, id: string): void;
  end(retryMs: number): void;
  refuse(status: number, why: string, retryMs: number): void;
}

/** Opens the stream at `url` and returns what closes it. */
export function openStream(url: string, lastId: string, on: Listener): () => void {
  const abort = new AbortController();
  const reader = new EventReader();
  const rows = new Rows();
  const read = async (): Promise<void> => {
    const headers = { Accept: 'text/event-stream', ...(lastId && { 'Last-Event-ID': lastId }) };
    const answer = await fetch(url, { headers, cache: 'no-store', signal: abort.signal });
    if (answer.status !== 200 || !answer.body) {
      const { detail } = await problemOf(answer);
      if (!abort.signal.aborted) on.refuse(answer.status, detail, 1_000 * Number(answer.headers.get('Retry-After') ?? 0) || 0);
      return;
    }
    const body = answer.body.getReader();
    for (;;) {
      const { done, value } = await body.read();
      if (done || abort.signal.aborted) break;
      reader.push(value, ({ name, data, id }) => {
        // Names of others, `message` first, are not ours to understand.
        if (!abort.signal.aborted && name !== 'message') on.event(name, rows.plain(name, JSON.parse(data)), id);
      });
    }
    if (!abort.signal.aborted) on.end(reader.retryMs);
  };
  read().catch(() => {
    if (abort.signal.aborted) return;
    abort.abort();
    on.end(reader.retryMs);
  });
  return () => abort.abort();
}
