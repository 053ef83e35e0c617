// Builds the package into `dist`: index.js, worker.js and what they share. `bundle` is also what tests measure.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The files of the package, by name, minified, made by esbuild's `build`; `write` puts them into `dist` as well. */
export async function bundle(build, write = false) {
  const { outputFiles, metafile } = await build({
    entryPoints: [here('src/index.ts'), here('src/worker.ts')],
    bundle: true, splitting: true, minify: true, format: 'esm', target: 'es2022', outdir: here('dist'), write: false, metafile: true,
    absWorkingDir: here('.'),
    // The one file that names another: in the package it is JavaScript.
    plugins: [{
      name: 'worker',
      setup: ({ onLoad }) => onLoad({ filter: /share\.ts$/ }, async ({ path }) =>
        ({ contents: (await readFile(path, 'utf8')).replace('./worker.ts', './worker.js'), loader: 'ts' })),
    }],
  });
  if (write) {
    const { mkdir, rm, writeFile } = await import('node:fs/promises');
    await rm(here('dist'), { recursive: true, force: true });
    await mkdir(here('dist'));
    for (const { path, contents } of outputFiles) await writeFile(path, contents);
  }
  return { files: new Map(outputFiles.map(({ path, contents }) => [path.split('/').at(-1), contents])), metafile };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle((await import('esbuild')).build, true);
