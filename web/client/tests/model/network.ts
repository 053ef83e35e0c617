// Between a client and the model gateway: `fetch` that can be slow, cut anywhere, silent, or answer anything.

import { vi } from 'vitest';
import { currentTab, type Tab } from './browser.js';
import type { Gateway } from './gateway.js';

/** What becomes of the next requests of a kind. */
export type Fate = 'well' | 'lost before' | 'lost after' | 'refused' | 'busy';

/** How long a request that gets no answer is waited for; the client's own patience is on the real clock. */
const NO_ANSWER_MS = 10_000;

export class Network {
  fate: { open: Fate; edit: Fate } = { open: 'well', edit: 'well' };
  delayMs = 0;
  requests: { method: string; url: URL; headers: Headers; body: any }[] = [];
  #streams = new Set<{ text: (text: string) => void; cut: () => void; tab: Tab | undefined }>();

  constructor(readonly gateway: Gateway, readonly rest: (method: string, url: URL, body: any) => { status: number; body: unknown } = () => ({ status: 404, body: {} })) {}

  install(): void {
    vi.stubGlobal('fetch', (url: string, init: RequestInit = {}) => this.#fetch(new URL(url), init));
  }

  /** Breaks every stream; `half`: in the middle of a frame. */
  cut(half = false): void {
    for (const stream of [...this.#streams]) {
      if (half) stream.text('event: points\ndata: {"points":[');
      stream.cut();
    }
  }

  /** What a tab had open ends with it. */
  died(tab: Tab): void {
    for (const stream of [...this.#streams]) if (stream.tab === tab) stream.cut();
  }

  async #fetch(url: URL, init: RequestInit): Promise<Response> {
    if (currentTab()?.alive === false) throw new TypeError('dead');
    const method = init.method ?? 'GET';
    const body = init.body ? JSON.parse(String(init.body)) : undefined;
    this.requests.push({ method, url, headers: new Headers(init.headers), body });
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    init.signal?.throwIfAborted();
    if (url.pathname.endsWith('/stream')) return this.#open(url, new Headers(init.headers), init.signal ?? undefined);
    const client = /clients\/([^/]+)\/subscription/.exec(url.pathname)?.[1];
    if (!client) return answer(this.rest(method, url, body));
    const { edit } = this.fate;
    if (edit === 'refused') return answer({ status: 429, body: { detail: 'too often' } });
    if (edit === 'lost before') return this.#lost();
    const told = this.gateway.edit(client, method, body, new Headers(init.headers).get('If-Match'));
    return edit === 'lost after' ? this.#lost() : answer(told);
  }

  async #lost(): Promise<never> {
    await new Promise((resolve) => setTimeout(resolve, NO_ANSWER_MS));
    throw new TypeError('no answer');
  }

  async #open(url: URL, headers: Headers, signal: AbortSignal | undefined): Promise<Response> {
    const { open } = this.fate;
    if (open === 'lost before' || open === 'lost after') throw new TypeError('no connection');
    if (open !== 'well') return answer({ status: 503, body: { title: 'full', status: 503, detail: 'too many streams' } }, { 'Retry-After': '3' });
    const encoder = new TextEncoder();
    let control!: ReadableStreamDefaultController<Uint8Array>;
    let ended = false;
    const body = new ReadableStream<Uint8Array>({ start: (made) => void (control = made) });
    const end = (broken: boolean): void => {
      if (ended) return;
      ended = true;
      this.#streams.delete(stream);
      if (broken) control.error(new TypeError('cut'));
      else control.close();
    };
    const text = (sent: string): void => {
      if (ended) return;
      // Cut where it hurts.
      const bytes = encoder.encode(sent);
      const middle = bytes.length >> 1;
      control.enqueue(bytes.subarray(0, middle));
      control.enqueue(bytes.subarray(middle));
    };
    const wire = this.gateway.open(url.searchParams, headers.get('Last-Event-ID') ?? '', text, () => end(false));
    const cut = (): void => {
      end(true);
      wire.end();
    };
    const stream = { text, cut, tab: currentTab() };
    if (!ended) this.#streams.add(stream);
    signal?.addEventListener('abort', cut);
    return new Response(body, { status: 200, headers: { 'Content-Type': 'text/event-stream' } });
  }
}

function answer({ status, body }: { status: number; body: unknown }, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });
}
