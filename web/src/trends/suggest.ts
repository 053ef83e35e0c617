// Points that somebody who types may mean. Pure.

import type { PointInfo } from 'pointcast';

/** More suggestions than this nobody reads. */
export const MOST_SUGGESTIONS = 40;

/** Points in whose id or description every word occurs, the likeliest first. Text points have no line, and are left out. */
export function suggestionsOf(query: string, infos: Iterable<PointInfo>, chosen: readonly string[]): PointInfo[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const taken = new Set(chosen);
  const found: { info: PointInfo; rank: number }[] = [];
  for (const info of infos) {
    if (info.type === 'string' || taken.has(info.id)) continue;
    const rank = rankOf(words, info);
    if (rank !== null) found.push({ info, rank });
  }
  found.sort((one, other) => one.rank - other.rank || ORDER.compare(one.info.id, other.info.id));
  return found.slice(0, MOST_SUGGESTIONS).map(({ info }) => info);
}

const ORDER = new Intl.Collator('en', { numeric: true });

/** Less is likelier; null where a word is missing. The gateway's own points come last. */
function rankOf(words: readonly string[], { id, description }: PointInfo): number | null {
  const name = id.toLowerCase();
  const about = description?.toLowerCase() ?? '';
  let rank = name.startsWith('$') ? 10 : 0;
  for (const word of words) {
    if (name.startsWith(word)) continue;
    if (name.includes(`/${word}`) || name.startsWith(`$${word}`)) rank += 1;
    else if (name.includes(word)) rank += 2;
    else if (about.includes(word)) rank += 5;
    else return null;
  }
  return rank;
}
