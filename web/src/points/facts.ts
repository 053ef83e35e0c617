// What is known of a point beside its value, in words: only what there is.

import type { Point, PointInfo } from 'pointcast';
import { NOTHING, ageText, durationText, momentText, numberText, valueText } from '../text/format.js';
import { text } from '../text/language.js';

export type Fact = 'raw' | 'device' | 'type' | 'range' | 'precision' | 'scan' | 'stale' | 'names' | 'writable';

/** A moment, and how long ago that was. */
export function whenText(time: number | null, now: number): string {
  return time === null ? NOTHING : text().points.details.when(momentText(time), ageText(now - time, 2));
}

/** Each fact and its text. */
export function factsOf(point: Point | undefined, info: PointInfo | undefined): readonly (readonly [Fact, string])[] {
  const { range, precision, scan_ms: scanMs, stale_after_ms: staleMs, labels } = info ?? {};
  const all: readonly (readonly [Fact, string | null | undefined])[] = [
    ['raw', valueText(point?.value, info).raw],
    ['device', info?.device],
    ['type', info?.type],
    ['range', range && text().points.details.between(valueText(range[0], info).text, valueText(range[1], info).text)],
    ['precision', precision === undefined ? null : numberText(precision)],
    ['scan', scanMs === undefined ? null : scanText(scanMs, info?.configured_scan_ms)],
    ['stale', staleMs === undefined ? null : durationText(staleMs)],
    ['names', labels && Object.entries(labels).map(([key, name]) => `${key} ${name}`).join(', ')],
    ['writable', info?.writable ? text().yes : null],
  ];
  return all.flatMap(([name, fact]) => (fact ? [[name, fact] as const] : []));
}

/** How often a point is read; where its channel has no time for what was configured, that too. */
function scanText(revisedMs: number, configuredMs: number | undefined): string {
  return configuredMs === undefined ? durationText(revisedMs) : text().points.details.revised(durationText(revisedMs), durationText(configuredMs));
}
