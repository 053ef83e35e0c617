// What a refusal of a write means for the device: whether it may have the value all the same. Pure.

import type { Problem } from 'pointcast';

/** `never`: it was not sent. `refused`: the device said no. `perhaps`: it was sent, or nobody knows. */
export type Fate = 'never' | 'refused' | 'perhaps';

const KIND = 'urn:pointcast:problem:';

/** The name of a problem of this gateway; null for another's. */
export function kindOfProblem({ type }: Problem): string | null {
  return type?.startsWith(KIND) ? type.slice(KIND.length) : null;
}

export function fateOf(problem: Problem): Fate {
  if (problem.sent !== undefined) return problem.sent ? 'perhaps' : 'never';
  const kind = kindOfProblem(problem);
  if (kind === 'device-refused') return 'refused';
  // All that the gateway itself refuses it refuses before it sends; anything else may be of a proxy on the way.
  if (kind !== null || (problem.status >= 400 && problem.status < 500)) return 'never';
  return 'perhaps';
}
