// The reading plans of a channel's devices as one: what is asked of whom, in the order of the plan, and the lanes of a
// picture of it. Pure.

import type { PlanLine } from './report.js';
import type { Block, Recurring } from './schedule.js';

/** A line of the plan of a device. */
export interface Planned {
  readonly device: string;
  readonly line: PlanLine;
}

/** A line that can be drawn: it is asked at an interval, and how long it takes is known. */
export interface Drawn extends Planned, Recurring {}

/** Those of the channel's requests that a picture can show. What a device refuses is asked ever more rarely: left out. */
export function drawable(plan: readonly Planned[]): readonly Drawn[] {
  return plan.flatMap(({ device, line }, place) => {
    const { scan_ms: everyMs, wire_ms: wireMs, busy_ms: busyMs, refused } = line;
    if (everyMs === null || everyMs <= 0 || wireMs === null || refused) return [];
    return [{ device, line, everyMs, wireMs, busyMs: Math.max(busyMs ?? wireMs, wireMs), place }];
  });
}

/** Share of its channel's time that a line takes, 0 to 1; null where that cannot be told. */
export function shareOf({ scan_ms: everyMs, wire_ms: wireMs, busy_ms: busyMs, refused }: PlanLine): number | null {
  const takes = busyMs ?? wireMs;
  return everyMs === null || everyMs <= 0 || takes === null || refused ? null : takes / everyMs;
}

/** The sum of what can be told; null where nothing can. */
export function sumOfShares(lines: readonly PlanLine[]): number | null {
  const known = lines.map(shareOf).filter((share) => share !== null);
  return known.length === 0 ? null : known.reduce((sum, share) => sum + share, 0);
}

/** A row of the picture. */
export interface Lane {
  readonly kind: 'channel' | 'request' | 'restOfDevice' | 'device' | 'otherDevices';
  /** The request that it stands for, where it is one alone. */
  readonly of: number | null;
  /** The device that it stands for, where it is another one alone. */
  readonly device: string | null;
  /** How many requests or, of other devices, devices it stands for. */
  readonly count: number;
  readonly blocks: readonly Block[];
}

/** A picture has no more lanes of the device's own requests, and no more of other devices. */
const MOST_REQUEST_LANES = 12;
const MOST_DEVICE_LANES = 12;

/** The rows: the channel as a whole, each request of `device`, and each other device. */
export function lanes(device: string, requests: readonly Drawn[], blocks: readonly Block[]): readonly Lane[] {
  const own = requests.flatMap((request, of) => (request.device === device ? [of] : []));
  const others = [...new Set(requests.map((request) => request.device))].filter((other) => other !== device);
  const ofRequests = (indices: readonly number[]) => {
    const wanted = new Set(indices);
    return blocks.filter(({ of }) => wanted.has(of));
  };
  const ofDevices = (names: readonly string[]) => {
    const wanted = new Set(names);
    return blocks.filter(({ of }) => wanted.has(requests[of]?.device ?? ''));
  };
  const [shown, rest] = cut(own, MOST_REQUEST_LANES);
  const [named, unnamed] = cut(others, MOST_DEVICE_LANES);
  const all: Lane[] = [{ kind: 'channel', of: null, device: null, count: requests.length, blocks }];
  for (const of of shown) all.push({ kind: 'request', of, device: null, count: 1, blocks: ofRequests([of]) });
  if (rest.length > 0) all.push({ kind: 'restOfDevice', of: null, device: null, count: rest.length, blocks: ofRequests(rest) });
  for (const name of named) all.push({ kind: 'device', of: null, device: name, count: 1, blocks: ofDevices([name]) });
  if (unnamed.length > 0) all.push({ kind: 'otherDevices', of: null, device: null, count: unnamed.length, blocks: ofDevices(unnamed) });
  return all;
}

/** All where they are no more than `most`; else one fewer, which leaves a row for the rest. */
function cut<Item>(items: readonly Item[], most: number): readonly [readonly Item[], readonly Item[]] {
  const shown = items.length <= most ? most : most - 1;
  return [items.slice(0, shown), items.slice(shown)];
}

/** The points of a line without the device's own name in front: the first few, and how many more there are. */
export function pointsOf({ points }: PlanLine, device: string, most: number): { readonly names: readonly string[]; readonly more: number } {
  const own = `${device}/`;
  const names = points.slice(0, most).map((id) => (id.startsWith(own) ? id.slice(own.length) : id));
  return { names, more: points.length - names.length };
}
