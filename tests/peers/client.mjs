// The browser client in Node against the built gateway: it follows it through a change of selection, a kill, a hang and
// an orderly stop, and shows nothing as live that is not. Each step says what it saw; the first that sees something else
// ends the script with an error.
//
// Arguments: the gateway's binary, its configuration, its address.

import assert from 'node:assert/strict';
import { gatewayOf, onDisk, until } from './client_tools.mjs';

const [binary, config, address] = process.argv.slice(2);
const HEARTBEAT_MS = 1_000;
const gateway = gatewayOf(binary, config, address);
const { connect } = await import(await onDisk());

await gateway.start();
const client = connect({ url: `http://${address}`, heartbeatMs: HEARTBEAT_MS });
const values = new Map();
const callback = (points, removed) => {
  for (const id of removed) values.delete(id);
  for (const point of points) values.set(point.id, point);
};
const boiler = client.watch('boiler/**', callback);
const all = () => [...values.values()];
const live = (prefix) => until(`${prefix} to be live and move`, async () => {
  const good = () => all().filter(({ id, live, quality }) => id.startsWith(prefix) && live && quality === 'good');
  const before = JSON.stringify(good());
  await new Promise((resolve) => setTimeout(resolve, 100));
  return before.length > 2 && client.state === 'live' && JSON.stringify(good()) !== before;
});

await live('boiler/');
console.log(`live with ${values.size} points`);

const meter = client.watch([{ match: 'meter/voltage/*', interval_ms: 200 }], callback);
await live('meter/');
boiler.close();
for (const id of [...values.keys()]) if (id.startsWith('boiler/')) values.delete(id);
await new Promise((resolve) => setTimeout(resolve, 1_000));
assert.ok(all().every(({ id }) => id.startsWith('meter/')), 'what nobody watches still comes');
assert.equal(await gateway.streams(), 1);
console.log('another selection on the same stream');

const infos = [];
for await (const point of client.points('meter/**')) infos.push(point);
assert.ok(infos.length > 10 && infos.every(({ type, id }) => type && id.startsWith('meter/')));
const [first] = infos;
assert.deepEqual((await client.read([first.id, 'nothing/here'])).map(({ id }) => id), [first.id]);
const refused = await client.write(first.id, 1);
assert.equal(refused.ok, false);
assert.equal(refused.problem.status, 403);
const SETPOINT = 'boiler/supply/setpoint';
assert.deepEqual(await client.write(SETPOINT, 50), { ok: true, verdict: 'applied', value: 50 });
console.log(`${infos.length} points listed, one written`);

async function lost(what, act) {
  let shown = null;
  const off = client.on('contact', ({ state }) => {
    if (state === 'lost') shown ??= all().filter((point) => point.live).length;
  });
  const begin = performance.now();
  await act();
  await until(`${what} to be noticed`, () => client.state === 'lost');
  const took = performance.now() - begin;
  off();
  assert.equal(shown, 0, `${what}: something still looked live when contact was lost`);
  assert.ok(all().length > 0 && all().every((point) => !point.live));
  return took;
}

await lost('a kill', () => gateway.kill('SIGKILL'));
await gateway.start();
await live('meter/');
console.log('killed and followed into the next life');

const silence = await lost('a hang', () => gateway.signal('SIGSTOP'));
assert.ok(silence <= 2 * HEARTBEAT_MS + 2_000, `a hang was noticed after ${Math.round(silence)} ms`);
gateway.signal('SIGCONT');
await live('meter/');
console.log(`a hang was noticed after ${Math.round(silence)} ms`);

await lost('a stop', () => gateway.kill('SIGTERM'));
await gateway.start();
await live('meter/');
console.log('stopped in order and followed into the next life');

meter.close();
client.close();
await until('the stream to end', async () => (await gateway.streams()) === 0);
await gateway.kill('SIGTERM');
console.log('closed');
