// What the gateway tells of devices when it is asked: `GET /api/v1/devices` and `/devices/{device}`.

/** A device with its counts since the gateway started. */
export interface Report {
  readonly device: string;
  readonly channel: string;
  readonly driver: string;
  readonly address: string;
  readonly state: string;
  readonly last_error: string | null;
  /** Its fastest scan interval, as revised; null where nothing is scanned. */
  readonly scan_ms: number | null;
  /** The same as configured, where it is longer now. */
  readonly configured_scan_ms: number | null;
  readonly points: number;
  readonly qualities: { readonly good: number; readonly uncertain: number; readonly bad: number };
  /** Requests sent, or messages and lines taken in where nothing is asked. */
  readonly requests: number;
  readonly timeouts: number;
  readonly exceptions: number;
  /** By code, of two digits. */
  readonly exception_codes: Readonly<Record<string, number>>;
  /** Of it the next three, and what cannot be told apart. */
  readonly malformed: number;
  readonly damaged: number;
  readonly foreign: number;
  readonly misshapen: number;
  /** Valid replies that came after their request had been given up. */
  readonly late: number;
  readonly response_ms: number | null;
}

/** A line of a reading plan: what is asked now, how often, and what that is predicted to take. */
export interface PlanLine {
  readonly request: string;
  /** The same taken apart: unit, function, table, start, count; empty where `request` says it better. */
  readonly parts: Readonly<Record<string, string | number | boolean>>;
  readonly scan_ms: number | null;
  readonly configured_scan_ms: number | null;
  /** From the first bit of the request to the last of its reply. */
  readonly wire_ms: number | null;
  /** Until the next request may begin. */
  readonly busy_ms: number | null;
  /** The device has not got it, and is asked for it ever more rarely. */
  readonly refused: boolean;
  readonly points: readonly string[];
}

/** A device with its reading plan. */
export interface Detailed extends Report {
  readonly plan: readonly PlanLine[];
}

/** The gateway answered, and not with what was asked for. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** After so long an answer is not waited for any more. */
const ANSWER_WITHIN_MS = 5_000;

/** All devices, in the order of the configuration. */
export async function askAll(): Promise<readonly Report[]> {
  const body = await ask<{ readonly devices: readonly Report[] }>('/api/v1/devices');
  return body.devices;
}

/** One device with its plan. */
export function askOne(device: string): Promise<Detailed> {
  return ask<Detailed>(`/api/v1/devices/${encodeURIComponent(device)}`);
}

async function ask<Body>(path: string): Promise<Body> {
  const response = await fetch(path, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (response.ok) return (await response.json()) as Body;
  const problem = (await response.json().catch(() => null)) as { detail?: string; title?: string } | null;
  throw new Refused(response.status, problem?.detail ?? problem?.title ?? `HTTP ${response.status}`);
}
