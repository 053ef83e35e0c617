// Which devices a list shows, in which order. Pure.

import { byName } from '../live/names.js';

/** How a device is. `unknown`: nobody has told yet, or in a word that this page does not know. */
export type State = 'online' | 'degraded' | 'offline' | 'disabled' | 'unknown';

/** What the gateway tells. */
export const STATES: readonly State[] = ['offline', 'degraded', 'online', 'disabled'];

/** What matters of a device for where it stands. */
export interface Listed {
  readonly device: string;
  readonly channel: string;
  readonly driver: string;
  readonly address: string;
  readonly state: State;
  /** What is wrong, in the gateway's words; empty where nothing is. */
  readonly error: string;
}

/** A channel with those of its devices that are shown. */
export interface Group<Device extends Listed> {
  readonly channel: string;
  readonly driver: string;
  readonly devices: readonly Device[];
}

export type Order = 'worst' | 'name';

/** The state that a word of the gateway means. */
export function stateOf(word: unknown): State {
  return STATES.find((state) => state === word) ?? 'unknown';
}

const RANK: Record<State, number> = { offline: 0, degraded: 1, unknown: 2, online: 3, disabled: 4 };

/** Whether something is to be done about it. */
export function isTroubled(state: State): boolean {
  return state === 'offline' || state === 'degraded';
}

/** Those that have every one of the words somewhere, and one of the states; no states are all. */
export function chosen<Device extends Listed>(devices: readonly Device[], states: ReadonlySet<State>, find: string): readonly Device[] {
  const words = find.toLowerCase().split(/\s+/).filter((word) => word !== '');
  return devices.filter((device) => {
    if (states.size > 0 && !states.has(device.state)) return false;
    const { device: name, channel, driver, address, error } = device;
    const all = [name, channel, driver, address, error].join('\n').toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** By channel. Worst first: the channels by their worst device, then by name; so within each. */
export function grouped<Device extends Listed>(devices: readonly Device[], order: Order): readonly Group<Device>[] {
  const channels = new Map<string, Device[]>();
  for (const device of devices) {
    const known = channels.get(device.channel);
    if (known) known.push(device);
    else channels.set(device.channel, [device]);
  }
  const rank = ({ state }: Listed) => (order === 'worst' ? RANK[state] : 0);
  const groups = [...channels].map(([channel, all]) => {
    all.sort((one, other) => rank(one) - rank(other) || byName(one.device, other.device));
    return { channel, driver: all[0]?.driver ?? '', devices: all, rank: Math.min(...all.map(rank)) };
  });
  return groups.sort((one, other) => one.rank - other.rank || byName(one.channel, other.channel));
}

/** What is wrong with a whole channel: the error that all of its devices are offline for. It is told once then. */
export function sharedError(devices: readonly Listed[]): string | null {
  const [first] = devices;
  if (devices.length < 2 || first === undefined || first.error === '') return null;
  return devices.every(({ state, error }) => state === 'offline' && error === first.error) ? first.error : null;
}

/** How many there are of each state. */
export function counts(devices: readonly Listed[]): Readonly<Record<State, number>> {
  const all: Record<State, number> = { online: 0, degraded: 0, offline: 0, disabled: 0, unknown: 0 };
  for (const { state } of devices) all[state] += 1;
  return all;
}
