// The files of each page. The first page's are loaded alone; the others' as soon as there is contact and nothing else to
// do, so that each page can be opened also while contact is lost.
//
// What holds: a file that could not be had is asked for again when there is contact again, or its page is opened.

import { type Accessor, createEffect, lazy } from 'solid-js';
import { loadLanguages } from '../text/language.js';

export const Points = lazy(() => import('../points/page.js'));
export const Trends = lazy(() => import('../trends/page.js'));
export const Devices = lazy(() => import('../devices/page.js'));
export const Boards = lazy(() => import('../boards/page.js'));

const FILES: readonly (() => Promise<unknown>)[] = [
  ...[Points, Trends, Devices, Boards].map(({ preload }) => preload),
  () => import('../boards/tiles/trend.js'),
  () => import('../trends/uplot.js'),
  loadLanguages,
];

/** In a browser that does not tell when it is idle. */
const PATIENCE_MS = 2_000;

/** Loads what is not there yet, each time contact is found. */
export function loadAhead(isLive: Accessor<boolean>): void {
  createEffect(() => isLive() && whenIdle(() => void Promise.allSettled(FILES.map((load) => load()))));
}

function whenIdle(act: () => void): void {
  if (typeof requestIdleCallback === 'function') requestIdleCallback(act);
  else setTimeout(act, PATIENCE_MS);
}
