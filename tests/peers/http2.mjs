// HTTP/2 in clear text by prior knowledge, with Node's own client: node http2.mjs <address> <what>
// Prints what it saw as one line of JSON. What the server does meanwhile is the test's affair.

import http2 from 'node:http2';

const [, , address, what] = process.argv;
const session = http2.connect(`http://${address}`);
session.on('error', () => {});

const ended = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

// An event stream whose events can be waited for.
class Events {
  constructor(query) {
    this.request = session.request({ ':path': `/api/v1/stream?${query}` });
    this.head = ended(this.request, 'response');
    this.end = ended(this.request, 'end');
    this.events = [];
    this.waiting = [];
    this.text = '';
    this.request.setEncoding('utf8');
    this.request.on('error', () => {});
    this.request.on('data', (text) => this.take(text));
  }

  take(text) {
    this.text += text;
    const blocks = this.text.split('\n\n');
    this.text = blocks.pop();
    for (const block of blocks) {
      const field = (name) => block.split('\n').find((line) => line.startsWith(name))?.slice(name.length);
      this.events.push({ name: field('event: '), data: JSON.parse(field('data: ')) });
    }
    this.waiting = this.waiting.filter((look) => !look());
  }

  // The first event that fits, of those that came and come.
  until(fits) {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.events.find(fits);
        if (found) resolve(found);
        return Boolean(found);
      };
      if (!look()) this.waiting.push(look);
    });
  }

  named(name) {
    return this.until((event) => event.name === name);
  }
}

async function request(fields, body) {
  const request = session.request(fields, { endStream: body === undefined });
  const head = ended(request, 'response');
  if (body !== undefined) request.end(body);
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (more) => (text += more));
  await ended(request, 'end');
  return { status: (await head)[':status'], text };
}

const parts = {
  // Several streams and other requests on one connection, to the server's end.
  async together() {
    const streams = [0, 1, 2].map((point) => new Events(`points=line/${point}/value`));
    const [first] = streams;
    const head = await first.head;
    const firsts = await Promise.all(streams.map((stream) => stream.named('points')));
    const { client } = (await first.named('connect')).data;
    const path = `/api/v1/clients/${client}/subscription`;
    const put = { ':method': 'PUT', ':path': path, 'content-type': 'application/json' };
    const answers = {
      put: await request(put, JSON.stringify({ points: ['**'] })),
      health: await request({ ':path': '/healthz' }),
      head: await request({ ':path': '/api/v1/stream', ':method': 'HEAD' }),
      malformed: await request({ ':path': '/api/v1/stream?interval_ms=x' }),
      foreign: await request({ ':path': '/healthz', ':authority': 'evil.example' }),
      page: await request({ ':path': '/' }),
    };
    const second = await first.until((event) => event.name === 'subscribed' && event.data.revision === 2);
    const goaway = ended(session, 'goaway');
    // The test stops the server when it sees this one.
    streams.push(new Events('points=**'));
    await Promise.all(streams.map((stream) => stream.end));
    return {
      head,
      points: firsts.map(({ data }) => data.points.map(({ id }) => id)),
      statuses: Object.fromEntries(Object.entries(answers).map(([name, { status }]) => [name, status])),
      pageBytes: answers.page.text.length,
      count: second.data.count,
      last: streams.map((stream) => stream.events.at(-1).name),
      goaway: await goaway,
    };
  },

  // One stream is not read, beside one that is.
  async stalled() {
    const stalled = session.request({ ':path': '/api/v1/stream?points=**' });
    stalled.on('error', () => {});
    const reading = new Events('points=line/0/value&heartbeat_ms=1000');
    await ended(stalled, 'close');
    const before = reading.events.length;
    await reading.until((event) => event.name === 'heartbeat' && reading.events.indexOf(event) >= before);
    const result = { reset: stalled.rstCode, goesOn: !reading.request.closed };
    session.destroy();
    return result;
  },

  // Nothing is asked for; but first a stream that lasts longer than a connection without any.
  async idle() {
    const stream = new Events('heartbeat_ms=1000');
    await stream.named('heartbeat');
    const kept = !session.closed && !session.destroyed;
    stream.request.close();
    const goaway = await ended(session, 'goaway');
    await ended(session, 'close');
    return { kept, goaway };
  },

  // Streams are left open with their connection, when the test has seen them and changes what they show.
  async left() {
    const streams = [0, 1, 2].map(() => new Events('points=**&heartbeat_ms=60000'));
    const changed = (event) => event.data.points?.[0].value === 1;
    await Promise.all(streams.map((stream) => stream.until(changed)));
    session.destroy();
    return {};
  },
};

console.log(JSON.stringify(await parts[what]()));
session.close();
