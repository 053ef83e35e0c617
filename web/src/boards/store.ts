// The boards that the gateway keeps. Nothing here throws: what goes wrong is a `Problem`, as the gateway says it.

import type { Problem } from 'pointcast';

const PLACE = '/api/v1/boards';
/** What is not answered within this time has no answer. */
const ANSWER_MS = 10_000;

/** What was asked for, or why not. */
export type Got<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** A line of the list. `error`: what is wrong with its file; it has no title then. */
export interface Line {
  readonly name: string;
  readonly title?: string;
  readonly version?: string;
  readonly error?: string;
  /** It came with the configuration, and nobody has changed it. */
  readonly given: boolean;
}

/** A board's document and its version. */
export interface Kept {
  readonly json: unknown;
  readonly version: string;
}

/** All boards, by name. */
export async function listBoards(): Promise<Got<readonly Line[]>> {
  return ask('GET', '', {}, undefined, async (answer) => ((await answer.json()) as { boards: Line[] }).boards);
}

/** One of them. */
export async function loadBoard(name: string): Promise<Got<Kept>> {
  return ask('GET', `/${encodeURIComponent(name)}`, {}, undefined, async (answer) => ({ json: await answer.json(), version: versionOf(answer) }));
}

/** Keeps a board in the place of the version that was seen, `null`: of none. Its new version. */
export async function saveBoard(name: string, json: unknown, seen: string | null): Promise<Got<string>> {
  const from: Record<string, string> = seen === null ? { 'If-None-Match': '*' } : { 'If-Match': seen };
  return ask('PUT', `/${encodeURIComponent(name)}`, from, json, async (answer) => versionOf(answer));
}

/** Removes what is kept; what came with the configuration under that name is there again. */
export async function removeBoard(name: string, seen: string): Promise<Got<null>> {
  return ask('DELETE', `/${encodeURIComponent(name)}`, { 'If-Match': seen }, undefined, async () => null);
}

/** With its quotes, as `If-Match` wants it. */
const versionOf = (answer: Response): string => answer.headers.get('etag') ?? '';

async function ask<T>(method: string, path: string, headers: Record<string, string>, body: unknown, take: (answer: Response) => Promise<T>): Promise<Got<T>> {
  try {
    const answer = await fetch(PLACE + path, {
      method,
      headers: body === undefined ? headers : { ...headers, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      cache: 'no-store',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return answer.ok ? { ok: true, value: await take(answer) } : { ok: false, problem: await problemOf(answer) };
  } catch (error) {
    return { ok: false, problem: { title: 'No answer', status: 0, detail: String(error) } };
  }
}

async function problemOf(answer: Response): Promise<Problem> {
  const fallback = { title: answer.statusText, status: answer.status, detail: `the gateway answered ${answer.status}` };
  return { ...fallback, ...((await answer.json().catch(() => ({}))) as Partial<Problem>) };
}
