// What a window is called, so that one is told from another. Pure.

import { text } from '../text/language.js';

const PAGES = ['trends', 'devices', 'boards'] as const;

/** The part of a page, the page, the site. */
export function titleOf(path: string, site: string): string {
  const [first = '', part = ''] = path.split('/').slice(1);
  const page = PAGES.find((one) => one === first);
  const name = first === '' ? text().nav.points : page ? text().nav[page] : text().missing.title;
  return [decoded(part), name, site].filter(Boolean).join(' – ');
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
