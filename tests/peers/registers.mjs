// A Modbus TCP device whose holding registers change: each of them every so often, all of them evenly over that time.

import { createServer } from 'node:net';

/** Answers are spread by this, so that a scan of many registers is no burst. */
const ANSWER_MS = 10;
const HEAD_BYTES = 12;

/** Listens at `place` (`address:port`); a register has another value after each `pace.everyMs`, as that is by then. */
export async function serveRegisters(place, pace) {
  const value = (unit, register) => {
    const { everyMs } = pace;
    return (Math.floor((Date.now() + (unit * 7_919 + register * 104_729) % everyMs) / everyMs) * 37 + register) % 10_000;
  };
  const answer = (request) => {
    const [unit, first, count] = [request[6], request.readUInt16BE(8), request.readUInt16BE(10)];
    const reply = Buffer.alloc(9 + 2 * count);
    request.copy(reply, 0, 0, 4);
    reply.writeUInt16BE(3 + 2 * count, 4);
    reply.set([unit, 3, 2 * count], 6);
    for (let at = 0; at < count; at += 1) reply.writeUInt16BE(value(unit, first + at), 9 + 2 * at);
    return reply;
  };
  const server = createServer((socket) => {
    let held = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (more) => {
      held = Buffer.concat([held, more]);
      for (; held.length >= HEAD_BYTES; held = held.subarray(HEAD_BYTES)) {
        const request = Buffer.from(held.subarray(0, HEAD_BYTES));
        setTimeout(() => socket.write(answer(request)), ANSWER_MS);
      }
    });
  });
  const [host, port] = place.split(':');
  await new Promise((resolve) => server.listen(Number(port), host, resolve));
}
