// The reading plans of the other devices of a channel: asked for one after the other, now and then.
//
// What holds: one question at a time, none while nobody looks; a plan that could not be had is missing, and said to be.

import { type Accessor, createEffect, createMemo, createSignal, on, onCleanup } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { type Detailed, type Report, askAll, askOne } from './report.js';

/** Plans change when a device turns out slow, or lacks something: rarely. */
const AGAIN_MS = 60_000;
const RETRY_MS = 5_000;

/** Of no more devices plans are asked for. */
const MOST_SIBLINGS = 64;

/** The devices of a channel, in the order of its plan, each with its plan where that is known. */
export interface Siblings {
  readonly devices: readonly Report[];
  readonly plans: ReadonlyMap<string, Detailed>;
  /** Everybody was asked. */
  readonly isWhole: boolean;
}

const NOBODY: Siblings = { devices: [], plans: new Map(), isWhole: false };

/** Those on the channel of `device` beside it. */
export function createSiblings(device: string, channel: Accessor<string | undefined>): Accessor<Siblings> {
  const { isLost } = useGateway();
  const [siblings, setSiblings] = createSignal(NOBODY);
  const wantedChannel = createMemo(channel);
  createEffect(on([wantedChannel, isLost], ([wanted, lost]) => {
    if (wanted === undefined || lost) return;
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const round = async () => {
      const isDone = document.hidden || (await take(device, wanted, (now) => !ended && setSiblings(now), () => ended));
      if (!ended) timer = setTimeout(() => void round(), isDone && !document.hidden ? AGAIN_MS : RETRY_MS);
    };
    void round();
    onCleanup(() => {
      ended = true;
      clearTimeout(timer);
    });
  }));
  return siblings;
}

/** Asks everybody once; whether all answered. */
async function take(device: string, channel: string, tell: (now: Siblings) => void, isEnded: () => boolean): Promise<boolean> {
  const plans = new Map<string, Detailed>();
  let devices: readonly Report[];
  try {
    devices = (await askAll()).filter((one) => one.channel === channel);
  } catch {
    return false;
  }
  const others = devices.filter((one) => one.device !== device).slice(0, MOST_SIBLINGS);
  let failed = 0;
  for (const other of others) {
    if (isEnded()) return false;
    try {
      plans.set(other.device, await askOne(other.device));
    } catch {
      failed += 1;
    }
  }
  tell({ devices, plans, isWhole: true });
  return failed === 0;
}
