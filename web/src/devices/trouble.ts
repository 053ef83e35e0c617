// What a device's error says, and so what there is to try. Pure.
//
// What holds: the gateway's own text is always shown beside this; what it says that is not known here gets no advice
// made up.

/** What can be wrong; the words for each are in the texts, under the same name. */
export type Cause =
  | 'function' | 'address' | 'value' | 'failure' | 'busy' | 'memory' | 'path' | 'target' | 'exception'
  | 'damaged' | 'silentLine' | 'silentServer' | 'lineBusy' | 'owed' | 'foreign' | 'misshapen' | 'alien' | 'transaction' | 'several'
  | 'refused' | 'route' | 'unreachable' | 'name' | 'closed' | 'deaf' | 'chatter'
  | 'noPort' | 'denied' | 'portBusy' | 'portGone'
  | 'login' | 'clientId' | 'protocol' | 'subscription' | 'silentTopic' | 'payload' | 'packet'
  | 'silentTalker' | 'checksum' | 'unclear'
  | 'sunspec' | 'certificate' | 'other';

/** Exceptions of Modbus Application Protocol V1.1b3 §7. */
const EXCEPTIONS: Readonly<Record<string, Cause>> = {
  '01': 'function', '02': 'address', '03': 'value', '04': 'failure', '05': 'busy', '06': 'busy', '08': 'memory',
  '10': 'path', '11': 'target',
};

/** What a text says, the first that fits. Texts of the drivers, of their libraries, and of the system. */
const SAYINGS: readonly (readonly [RegExp, Cause])[] = [
  [/an earlier reply is still owed/, 'owed'],
  [/the line was not silent/, 'lineBusy'],
  [/a frame of another unit/, 'foreign'],
  [/a reply that is not what was asked for/, 'misshapen'],
  // A header that no server of Modbus TCP sends: another service, or frames of a serial line.
  [/out of step: (protocol|a frame of \d+ bytes)/, 'alien'],
  [/unknown transaction|stream is out of step/, 'transaction'],
  [/several requests at once|with \d+ on their way/, 'several'],
  [/sends what nobody asked for/, 'chatter'],
  [/none of the last \d+ requests was answered/, 'deaf'],
  [/certificate|TLS|private key/i, 'certificate'],
  [/SunSpec/, 'sunspec'],
  [/refuses the login|not authorised/, 'login'],
  [/refuses the client id/, 'clientId'],
  [/does not speak MQTT/, 'protocol'],
  [/refuses the subscription/, 'subscription'],
  [/no live message/, 'silentTopic'],
  [/max_packet_bytes/, 'packet'],
  [/^device ".*", point ".*", topic/, 'payload'],
  [/no valid line for/, 'silentTalker'],
  [/checksum/, 'checksum'],
  [/^device ".*" on /, 'unclear'],
  [/the port is gone/, 'portGone'],
  [/No such file or directory|No such device/i, 'noPort'],
  [/Permission denied/i, 'denied'],
  [/resource busy|already in use|Unable to acquire exclusive lock/i, 'portBusy'],
  [/Connection refused/i, 'refused'],
  [/No route to host|Network is unreachable|Host is unreachable|Host is down/i, 'route'],
  [/failed to lookup|Name or service not known|name resolution|nodename nor servname/i, 'name'],
  [/failed to connect to .*(no answer within|timed out)/i, 'unreachable'],
  [/other end closed|closed the connection|Connection reset|Broken pipe|ping within the keep-alive/i, 'closed'],
];

/** What is wrong by what the gateway says; `driver` tells a line from a network. Null where it says nothing. */
export function causeOf(error: string, driver: string): Cause | null {
  if (error === '') return null;
  const code = /exception (\d\d)\b/.exec(error)?.[1];
  if (code !== undefined) return EXCEPTIONS[code] ?? 'exception';
  if (/only damaged bytes|bytes that are no frame/.test(error)) return isLine(driver) ? 'damaged' : 'chatter';
  const known = SAYINGS.find(([saying]) => saying.test(error));
  if (known) return known[1];
  if (/no reply within/.test(error)) return isLine(driver) ? 'silentLine' : 'silentServer';
  return 'other';
}

/** Whether devices share a serial line, with its rate and parity. */
function isLine(driver: string): boolean {
  return driver.startsWith('modbus-') && driver !== 'modbus-tcp';
}
