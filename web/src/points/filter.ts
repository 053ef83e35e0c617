// Which points pass: by words in what is known of them, by their device, by being in trouble. Pure.

import type { Point, PointInfo } from 'pointcast';

/** What is sought in: name, description, unit, device and the names of values, in small letters. By what is known. */
const texts = new WeakMap<PointInfo, string>();

function textOf(id: string, info: PointInfo | undefined): string {
  if (!info) return id.toLowerCase();
  let text = texts.get(info);
  if (text === undefined) {
    const { description, unit, device, labels } = info;
    text = [id, description, unit, device, ...Object.values(labels ?? {})].filter(Boolean).join('\n').toLowerCase();
    texts.set(info, text);
  }
  return text;
}

/** The words of what was typed. */
export function wordsOf(typed: string): readonly string[] {
  return typed.normalize().toLowerCase().split(/\s+/).filter(Boolean);
}

/** The device that a point is of, as far as is known; what the gateway says of a device counts as of it. */
export function deviceOf(id: string, info: PointInfo | undefined): string | null {
  return /^\$devices\/([^/]+)\//.exec(id)?.[1] ?? info?.device ?? null;
}

/** The points in which every word stands and that are of the device, where one is given. */
export function passing(
  ids: readonly string[], infoOf: (id: string) => PointInfo | undefined, words: readonly string[], device: string | null,
): readonly string[] {
  return ids.filter((id) => {
    const info = infoOf(id);
    if (device !== null && deviceOf(id, info) !== device) return false;
    const text = textOf(id, info);
    return words.every((word) => text.includes(word));
  });
}

/** Whether something is wrong with a point. Lost contact is no matter of the point's: else all would be in trouble. */
export function isTroubled(point: Point | undefined): boolean {
  return point !== undefined && point.quality !== 'good';
}
