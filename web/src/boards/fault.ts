// What is wrong with a board's document, in words.

import { text } from '../text/language.js';
import type { Fault } from './document.js';

/** The field, and what would be right. */
export function faultText({ field, want, least = 0, most = 0 }: Fault): string {
  const words = text().boards.fault;
  const right =
    want === 'version' ? words.version(most)
    : want === 'list' ? words.list(most)
    : want === 'ids' ? words.ids(most)
    : want === 'words' ? words.words(most)
    : want === 'values' ? words.values(most)
    : want === 'text' ? words.text(least, most)
    : want === 'whole' ? words.whole(least, most)
    : words[want];
  return `${field}: ${right}`;
}
