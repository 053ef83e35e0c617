// The SharedWorker: one engine, to which each tab has a port. Its name is its setting.

import { type Ask, Engine } from './engine.js';
import { realIo } from './real.js';

interface Scope {
  name: string;
  onconnect: ((event: MessageEvent) => void) | null;
}

const scope = globalThis as unknown as Scope;
const engine = new Engine(JSON.parse(scope.name).setting, realIo());
let tabs = 0;

engine.lead();
scope.onconnect = ({ ports: [port] }) => {
  const name = String((tabs += 1));
  if (port) port.onmessage = ({ data }: MessageEvent<Ask>) => engine.hear(name, data, (said) => port.postMessage(said));
};
