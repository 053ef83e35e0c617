// Finds points by words. Pure.

import type { PointInfo } from 'pointcast';

/** Whether each word is in the point's id, description or unit, whatever its case. */
export function hasWords({ id, description = '', unit = '' }: PointInfo, words: string): boolean {
  const all = `${id} ${description} ${unit}`.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => all.includes(word));
}

/** The first `most` that have all words, in the order they are given in. */
export function find(infos: readonly PointInfo[], words: string, most: number): { found: readonly PointInfo[]; more: boolean } {
  const found: PointInfo[] = [];
  for (const info of infos) {
    if (!hasWords(info, words)) continue;
    if (found.length === most) return { found, more: true };
    found.push(info);
  }
  return { found, more: false };
}
