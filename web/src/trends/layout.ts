// How high the charts of a picture are. Pure.
//
// What holds: states take what their names or lanes need, numbers share what the window has left; none is so low that
// nothing can be read from it, even if the page has to scroll.

import type { Group } from './groups.js';

const LANE_PX = 52;
const NAME_PX = 30;
const MOST_NAMES = 9;
const EDGES_PX = 16;
/** The axis of time below the last. */
const TIMES_PX = 26;
const LEAST_PX = 150;
const MOST_PX = 560;
/** What is above and below the charts of a page, about. */
const AROUND_PX = 250;
/** A legend, and the space to the next chart. */
const LEGEND_PX = 48;
/** A legend takes a line more for so many lines. */
const LINES_PER_ROW = 3;
const ROW_PX = 28;

/** The height of each chart in a window of this height. */
export function heightsOf(groups: readonly Group[], windowPx: number): Map<string, number> {
  const numbers = groups.filter(({ kind }) => kind === 'number');
  const taken = groups.reduce((sum, group) => sum + legendPx(group) + (fixedPx(group) ?? 0), AROUND_PX + TIMES_PX);
  const share = Math.round(Math.min(MOST_PX, Math.max(LEAST_PX, (windowPx - taken) / Math.max(1, numbers.length))));
  return new Map(groups.map((group, at) => [group.key, (fixedPx(group) ?? share) + (at === groups.length - 1 ? TIMES_PX : 0)]));
}

function legendPx({ lines }: Group): number {
  return LEGEND_PX + (Math.ceil(lines.length / LINES_PER_ROW) - 1) * ROW_PX;
}

/** What a chart needs whatever the window; null for one that takes what it gets. */
function fixedPx({ kind, lines }: Group): number | null {
  if (kind === 'number') return null;
  if (kind === 'switch') return lines.length * LANE_PX + EDGES_PX;
  return Math.min(MOST_NAMES, Object.keys(lines[0]?.info.labels ?? {}).length + 1) * NAME_PX + EDGES_PX;
}
