// What the scripts share that try the browser client against the built gateway.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from '../../web/client/build.mjs';

/** A step that takes longer is broken. */
const STEP_MS = 30_000;

/** Waits until `condition` holds, and fails when it does not in time. */
export async function until(what, condition) {
  const deadline = Date.now() + STEP_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The client as it is built: its files by name, `index.js` and `worker.js` among them. */
export async function build() {
  const esbuild = createRequire(`${process.env.POINTCAST_PEERS}/client/`)('esbuild');
  return (await bundle(esbuild.build)).files;
}

/** The address of a built client on disk, to import. */
export async function onDisk() {
  const folder = mkdtempSync(join(tmpdir(), 'pointcast-client-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const [name, contents] of await build()) writeFileSync(join(folder, name), contents);
  return pathToFileURL(join(folder, 'index.js')).href;
}

/** The gateway as a process that can be started, hung and ended. It ends with this script. */
export function gatewayOf(binary, config, address) {
  let child = null;
  process.on('exit', () => child?.kill('SIGKILL'));
  return {
    async start() {
      child = spawn(binary, ['run', '--config', config], { stdio: ['ignore', 'ignore', 'inherit'] });
      await until('the gateway to be ready', () => {
        assert.equal(child.exitCode, null, 'the gateway ended');
        return fetch(`http://${address}/readyz`).then((answer) => answer.ok, () => false);
      });
    },
    signal: (signal) => child.kill(signal),
    async kill(signal) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill(signal);
      await ended;
    },
    async streams() {
      const text = await fetch(`http://${address}/metrics`).then((answer) => answer.text());
      return Number(/^pointcast_streams (\d+)/m.exec(text)[1]);
    },
  };
}
