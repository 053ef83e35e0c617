// What failed of what was tried, by what is counted of a device. Pure.
//
// What holds: a request fails once, whatever came in place of its reply; no share is more than the whole.

import type { Report } from './report.js';

type Counted = Pick<Report, 'driver' | 'requests' | 'timeouts' | 'exceptions' | 'malformed'>;

/** Whether the device is asked; others send by themselves. */
function isAsked(driver: string): boolean {
  return driver.startsWith('modbus-');
}

/** How often something failed, and what share that is; null where nothing failed, or nothing was tried. */
export function failuresOf({ driver, requests, timeouts, exceptions, malformed }: Counted): { readonly count: number; readonly share: number | null } {
  // A request without a valid reply times out; what came instead, of which there may be more than one, is counted beside it.
  const count = timeouts + (isAsked(driver) ? exceptions : malformed);
  // Who sends by himself and was silent sent nothing that was counted. Timeouts may be newer than requests.
  const tried = Math.max(count, isAsked(driver) ? requests : requests + timeouts);
  return { count, share: count > 0 && requests > 0 ? count / tried : null };
}

/** Counts that are of requests, one of each at most. */
const OF_REQUESTS: ReadonlySet<string> = new Set(['timeouts', 'exceptions', 'late']);

/** What share of requests, or of messages, `count` of a kind is; null where it is none of them, or they themselves. */
export function shareOfRequests(kind: string, count: number, { driver, requests }: Pick<Report, 'driver' | 'requests'>): number | null {
  if (kind === 'requests' || OF_REQUESTS.has(kind) !== isAsked(driver)) return null;
  return count > 0 && requests > 0 ? Math.min(1, count / requests) : null;
}
