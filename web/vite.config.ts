// How the dashboard is built: from `src` and the client beside it into a folder that the gateway's build script names.
// Each file is packed once here, so that the gateway need not do it for every reader.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type Plugin, defineConfig } from 'vite';
import solid from 'vite-plugin-solid';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** `name.gz` beside each file that gets smaller by it. */
function packed(): Plugin {
  let out = '';
  return {
    name: 'packed',
    apply: 'build',
    configResolved: (config) => void (out = config.build.outDir),
    closeBundle() {
      for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const plain = readFileSync(path);
        const small = gzipSync(plain, { level: 9 });
        if (small.length < plain.length) writeFileSync(`${path}.gz`, small);
      }
    },
  };
}

/** Where the gateway is that pages under development show. */
const GATEWAY = process.env['POINTCAST_GATEWAY'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [solid(), packed()],
  resolve: { alias: { pointcast: here('client/src/index.ts') } },
  worker: { format: 'es' },
  build: {
    outDir: process.env['POINTCAST_DASHBOARD_OUT'] ?? here('../target/dashboard'),
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the page allows no data: addresses and no inline script.
    assetsInlineLimit: 0,
    // One file of styles: what a page looks like never comes later than the page, or not at all.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
  },
  // `npm run dev` beside a gateway.
  server: { proxy: { '/api': { target: GATEWAY, changeOrigin: true, headers: { origin: GATEWAY } } } },
});
