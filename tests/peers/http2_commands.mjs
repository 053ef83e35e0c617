// A client of HTTP/2 by prior knowledge, on one connection, told what to do by lines of JSON on its input:
//   {"open": {":path": …, more header fields}, "body": …}   the next request; requests are numbered from 0
//   {"cancel": 3}, {"pause": 3}                             takes a request back, or takes no more of its answer
// What comes is told by lines on its output: [number, "head", fields], [number, "data", bytes in hex], [number, "end"],
// [number, "reset", code], and ["lost", why] once the connection is gone. It ends with its input.
// Argument: the server's origin.

import { connect, constants } from 'node:http2';
import { createInterface } from 'node:readline';

const tell = (...line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const session = connect(process.argv[2]);
session.on('error', (error) => tell('lost', String(error)));
session.on('goaway', (code) => tell('lost', `GOAWAY ${code}`));
session.on('close', () => tell('lost', 'closed'));

const requests = [];

function open(fields, body) {
  const number = requests.length;
  const request = session.request(fields, { endStream: body === undefined });
  requests.push(request);
  request.on('response', (answer) => tell(number, 'head', answer));
  request.on('data', (bytes) => tell(number, 'data', bytes.toString('hex')));
  request.on('end', () => request.rstCode === constants.NGHTTP2_NO_ERROR && tell(number, 'end'));
  request.on('close', () => request.rstCode !== constants.NGHTTP2_NO_ERROR && tell(number, 'reset', request.rstCode));
  request.on('error', () => {});
  if (body !== undefined) request.end(body);
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.open) open(command.open, command.body);
  if (command.cancel !== undefined) requests[command.cancel].close(constants.NGHTTP2_CANCEL);
  if (command.pause !== undefined) requests[command.pause].pause();
}
session.destroy();
