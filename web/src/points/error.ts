// What a device complains about, made short where there is room for the cause only. Pure.

import { bareError } from '../text/error.js';

/** More of a cause than this does not fit beside a lamp. */
const MOST_CAUSE = 90;

/** All of it without the device's own name in front, and what stands behind its last colon: the end of that where it is long. */
export function causeOf(error: string, device: string): { readonly whole: string; readonly cause: string } {
  const whole = bareError(error, device);
  const cause = whole.slice(whole.lastIndexOf(': ') + 1).trim();
  return { whole, cause: cause.length > MOST_CAUSE ? `…${cause.slice(1 - MOST_CAUSE)}` : cause };
}
