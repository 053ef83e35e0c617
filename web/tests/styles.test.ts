// The styles of a page stay when another is opened: none of them may reach what other pages draw.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '../src');
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' });
const read = (file: string) => readFileSync(join(SRC, file), 'utf8');
const folderOf = (file: string) => file.split('/')[0] ?? '';

/** Classes by the folder whose components have them. */
const classes = new Map<string, Set<string>>();
for (const file of files.filter((one) => one.endsWith('.tsx'))) {
  const found = classes.get(folderOf(file)) ?? new Set();
  classes.set(folderOf(file), found);
  for (const [, names = ''] of read(file).matchAll(/\bclass="([^"]*)"/g)) for (const name of names.split(/\s+/)) found.add(name);
}

/** Selectors that stand within no other, also those within a condition. */
function outermost(css: string): string[] {
  const plain = css.replace(/\/\*[\s\S]*?\*\//g, '').replace(/@keyframes[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}/g, '');
  const found: string[] = [];
  const open: boolean[] = [];
  for (const [, head = '', mark] of plain.matchAll(/([^{};]*)([{};])/g)) {
    if (mark === '}') open.pop();
    if (mark !== '{') continue;
    const isCondition = head.trim().startsWith('@');
    if (!isCondition && !open.includes(false)) found.push(head.trim());
    open.push(isCondition);
  }
  return found;
}

/** The parts of a list of selectors. */
const parts = (selectors: string) => selectors.split(/,(?![^(]*\))/).map((one) => one.trim());

/** What an element, or one around it, has to be; all is within the app. */
const first = (selector: string) => selector.replace(/^\.app\S* /, '').split(/\s|>|\+/)[0] ?? '';

test.each(files.filter((file) => file.endsWith('.css') && file.includes('/')))('%s holds where its own components are', (file) => {
  const others = [...classes].filter(([folder]) => folder !== folderOf(file)).flatMap(([, names]) => [...names]);
  const wide = outermost(read(file)).flatMap(parts).filter((selector) => {
    if (selector.startsWith(':is') || selector.startsWith(':where')) return /^:\w+\([^)]*\)$/.test(selector) && !selector.includes('.');
    const needed = [...first(selector).matchAll(/\.([\w-]+)/g)].map(([, name = '']) => name);
    return needed.length > 0 && needed.every((name) => others.includes(name));
  });
  expect(wide).toEqual([]);
});
