// What is asked of the gateway once.

import type { Data } from './state.js';
import type { Problem } from './types.js';

/** A request that is not answered within this time has no answer. */
export const CALL_TIMEOUT_MS = 10_000;

/** An answer to a request: `status` 0 if none came. */
export interface Answer {
  status: number;
  body: Data;
}

/** Asks the gateway once. Never throws. `extraMs` is what the gateway itself may take. */
export async function call(
  url: string, method: string, body: unknown, headers: Record<string, string> = {}, extraMs = 0,
): Promise<Answer> {
  try {
    const answer = await fetch(url, {
      method,
      headers: body === undefined ? headers : { ...headers, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body, (_, value) => (typeof value === 'bigint' ? String(value) : value)) }),
      cache: 'no-store',
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS + extraMs),
    });
    return { status: answer.status, body: answer.ok ? await answer.json() : await problemOf(answer) };
  } catch (error) {
    return { status: 0, body: { title: 'No answer', status: 0, detail: String(error) } };
  }
}

/** What a refusal says, whatever it is made of. */
export async function problemOf(answer: Response): Promise<Problem> {
  const fallback = { title: answer.statusText, status: answer.status, detail: `the gateway answered ${answer.status}` };
  return { ...fallback, ...(await answer.json().catch(() => ({}))) };
}

/** The header that says who asks. */
export const bearer = (token: string | undefined): Record<string, string> => (token ? { Authorization: `Bearer ${token}` } : {});
