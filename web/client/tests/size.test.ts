import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
// Built as it is built for the package.
import { bundle } from '../build.mjs';

/** What one page loads: watching, asking, and the way to the tabs' one stream. */
const PAGE_BYTES = 6 * 1024;
/** What is loaded once for all tabs of an origin, by the worker, or by the tabs where there is none; beyond the page's. */
const ENGINE_BYTES = 6.5 * 1024;

test('what a page loads is small, gzipped', async () => {
  const { files, metafile } = await bundle(build as Parameters<typeof bundle>[0]);
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [path.split('/').at(-1)!, output]));
  const loaded = (name: string, kinds: RegExp, seen = new Set<string>()): Set<string> => {
    seen.add(name);
    for (const { path, kind } of outputs.get(name)!.imports) {
      const file = path.split('/').at(-1)!;
      if (kinds.test(kind) && !seen.has(file)) loaded(file, kinds, seen);
    }
    return seen;
  };
  const bytes = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + gzipSync(files.get(name)!, { level: 9 }).length, 0);
  const page = loaded('index.js', /import-statement/);
  const beyond = (names: Set<string>) => bytes([...names].filter((name) => !page.has(name)));
  const sizes = {
    page: bytes(page),
    worker: beyond(loaded('worker.js', /import/)),
    elected: beyond(loaded('index.js', /import/)),
  };
  console.log(`gzipped: page ${sizes.page}, worker ${sizes.worker}, elected tab ${sizes.elected} bytes`);
  expect(sizes.page).toBeLessThan(PAGE_BYTES);
  expect(sizes.worker).toBeLessThan(ENGINE_BYTES);
  expect(sizes.elected).toBeLessThan(1.2 * ENGINE_BYTES);
});
