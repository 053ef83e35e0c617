import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { whyText } from '../src/shell/why.js';
import { speak } from '../src/text/language.js';
import { zh } from '../src/text/zh.js';

afterEach(() => speak('en', false));

const CLIENT = join(import.meta.dirname, '../client/src');
const GATEWAY = join(process.env['POINTCAST_ROOT'] ?? join(import.meta.dirname, '../..'), 'src/stream');
const said = (folder: string, files: readonly string[]) => files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');

test('each reason of lost contact that has Chinese is one that is given', () => {
  const sources = said(CLIENT, readdirSync(CLIENT)) + said(GATEWAY, ['sessions.rs']);
  const known = sources.replace(/\$?\{\w*(?:\.status)?\}/g, '#');
  for (const why of Object.keys(zh.contact.why)) expect(known).toContain(why);
});

test('each reason that the client gives has Chinese', () => {
  const given = said(CLIENT, ['connection.ts', 'engine.ts', 'link.ts', 'relay.ts'])
    .matchAll(/(?:retryLater|startAnew|lose|#cut)\([^')\n]*'([^']+)'|why = '([^']+)'/g);
  const reasons = [...given].map(([, one, other]) => one ?? other ?? '');
  expect(reasons.length).toBe(9);
  for (const why of reasons) expect(Object.keys(zh.contact.why)).toContain(why);
});

test('a reason is told in the reader’s language, with its numbers; another as it came', async () => {
  const why = '12 entries in the selection, at most 10 are allowed';
  expect(whyText(why)).toBe('12 entries in the selection, at most 10 are allowed.');
  await speak('zh', false);
  expect(whyText(why)).toBe('订阅了 12 项，最多允许 10 项。');
  expect(whyText('the gateway is silent')).toBe('网关没有响应。');
  expect(whyText('Bad Gateway')).toBe('Bad Gateway');
});
