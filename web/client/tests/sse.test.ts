import { expect, test } from 'vitest';
import { EventReader, MAX_CHARS, type ServerEvent } from '../src/sse.js';

// What a server may send at all, by the HTML Living Standard §9.2.5 and §9.2.6. The vectors are those of
// tests/conformance/vectors.rs: name, body, the events in it by name and data, the id to come back with, and the wait.
// Do not change them with the reader.

type Vector = [name: string, body: string | number[], events: [string, string][], lastId?: string, retryMs?: number];

const VECTORS: Vector[] = [
  ['LF', 'event: points\ndata: lf\n\n', [['points', 'lf']]],
  ['CRLF', 'event: points\r\ndata: crlf\r\n\r\n', [['points', 'crlf']]],
  ['CR', 'event: points\rdata: cr\r\r', [['points', 'cr']]],
  ['line ends of every kind in one event', 'event: other\revent: points\r\ndata: mixed\n\r\nevent: points\ndata: second\r\n\n', [['points', 'mixed'], ['points', 'second']]],
  ['more blank lines than needed', '\n\n\r\n\r\revent: points\ndata: blank\n\n\n\n', [['points', 'blank']]],
  ['a line of other line ends', 'event: other\ndata: a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}f\n\n', [['other', 'a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}f']]],
  ['a byte order mark at the beginning', '\u{feff}event: points\ndata: x\n\n', [['points', 'x']]],
  ['a second one is part of the line', '\u{feff}\u{feff}event: points\ndata: two\n\n', [['message', 'two']]],
  ['one in the middle is part of its line', 'data: x\n\n\u{feff}event: points\ndata: in the middle\n\n', [['message', 'x'], ['message', 'in the middle']]],
  ['comments', ':\n: a comment\n:data: none\nevent: points\n:\n: between\ndata: comment\n:behind\n\n', [['points', 'comment']]],
  ['fields that nobody knows', 'foo: bar\nData: x\nDATA: x\n data: x\ndata : x\nevents: other\nevent: points\ndata: known\n\n', [['points', 'known']]],
  ['data without a colon', 'event: other\ndata\n\n', [['other', '']]],
  ['data without a value', 'event: other\ndata:\n\nevent: other\ndata: \n\n', [['other', ''], ['other', '']]],
  ['several lines of data', 'event: other\ndata: a\ndata\ndata:  c\ndata:d\n\n', [['other', 'a\n\n c\nd']]],
  ['one space is taken off, and no tab', 'event: other\ndata:\t x\ndata:  y \n\n', [['other', '\t x\n y ']]],
  ['colons in a value', 'event: other\ndata: a: b:c\n\n', [['other', 'a: b:c']]],
  ['nothing without data', 'event: points\n\nevent: points\ndata: data\n\n', [['points', 'data']]],
  ['an event that the end of the body cut off', 'id: 1\nevent: points\ndata: whole\n\nid: lost\nevent: points\ndata: half\n', [['points', 'whole']], '1'],
  ['NUL in data', 'event: other\ndata: a\0b\n\n', [['other', 'a\0b']]],
  ['an empty name', 'event: other\nevent:\ndata: x\n\n', [['message', 'x']]],
  ['a name without a colon', 'event\ndata: x\n\n', [['message', 'x']]],
  ['the last name counts', 'event: other\ndata: last\nevent: points\n\n', [['points', 'last']]],
  ['a name is for one event', 'event: points\n\ndata: x\n\n', [['message', 'x']]],
  ['a name with a space before it', 'event:  other\ndata: x\n\n', [[' other', 'x']]],
  ['a name beyond ASCII', 'event: caf\u{e9}\ndata: x\n\n', [['caf\u{e9}', 'x']]],
  ['an id lasts', 'id: 1\ndata: a\n\ndata: b\n\n', [['message', 'a'], ['message', 'b']], '1'],
  ['the last id counts', 'id: 1\nid: 2\ndata: a\n\n', [['message', 'a']], '2'],
  ['an empty id takes it away', 'id: 1\ndata: a\n\nid:\ndata: a\n\n', [['message', 'a'], ['message', 'a']], ''],
  ['an id without a colon as well', 'id: 1\ndata: a\n\nid\ndata: a\n\n', [['message', 'a'], ['message', 'a']], ''],
  ['an id with NUL is none', 'id: 1\nid: a\0b\ndata: a\n\n', [['message', 'a']], '1'],
  ['an id without data counts', 'id: alone\n\n', [], 'alone'],
  ['a space before an id, and a colon in it', 'id:  1: x\ndata: a\n\n', [['message', 'a']], ' 1: x'],
  ['characters of every length', 'event: points\ndata: a\u{e9}\u{20ac}\u{1f600}\n\n', [['points', 'a\u{e9}\u{20ac}\u{1f600}']]],
  ['what is no UTF-8 is replaced', [100, 97, 116, 97, 58, 32, 97, 0xff, 98, 0xc3, 10, 10], [['message', 'a\u{fffd}b\u{fffd}']]],
  ['a wait', 'retry: 300\n\n', [], '', 300],
  ['a wait without a blank line behind it', 'retry: 300\n', [], '', 300],
  ['waits that are none', 'retry: 60000x\nretry: x\nretry: -60000\nretry: +60000\nretry: 6e4\nretry:  60000\n\n', []],
  ['an empty wait', 'retry: 60000\nretry: 10\nretry:\nretry\n\n', [], '', 10],
];

function read(parts: Uint8Array[]) {
  const reader = new EventReader();
  const events: ServerEvent[] = [];
  for (const part of parts) reader.push(part, (event) => events.push(event));
  return { events: events.map(({ name, data }) => [name, data]), lastId: reader.lastId, retryMs: reader.retryMs };
}

test.each(VECTORS)('%s, cut anywhere', (_, body, events, lastId = '', retryMs = 0) => {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : Uint8Array.from(body);
  const expected = { events, lastId, retryMs };
  expect(read([bytes])).toEqual(expected);
  expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  for (let cut = 0; cut <= bytes.length; cut += 1) expect(read([bytes.subarray(0, cut), new Uint8Array(), bytes.subarray(cut)])).toEqual(expected);
});

test('an event carries the id that stands in it, or before it', () => {
  const reader = new EventReader();
  const ids: string[] = [];
  reader.push(new TextEncoder().encode('id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n'), ({ id }) => ids.push(id));
  expect(ids).toEqual(['1', '1', '2']);
});

test('a line without end is given up', () => {
  const reader = new EventReader();
  const megabyte = new Uint8Array(1 << 20).fill(97);
  expect(() => {
    for (let sent = 0; sent <= MAX_CHARS; sent += megabyte.length) reader.push(megabyte, () => {});
  }).toThrow(RangeError);
});
