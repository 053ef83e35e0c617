// Why there is no contact, in the reader's language. Pure.

import { text } from '../text/language.js';

/** Known words with the numbers in them; what is not known, such as a proxy's own words, is told as it came. */
export function whyText(why: string): string {
  const numbers = why.match(/\d+/g) ?? [];
  const words = text().contact.why[why.replace(/\d+/g, '#')];
  return words === undefined ? why : words.replace(/#/g, () => numbers.shift() ?? '');
}
