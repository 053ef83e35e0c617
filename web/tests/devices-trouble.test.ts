import { expect, test } from 'vitest';
import { causeOf } from '../src/devices/trouble.js';
import { en } from '../src/text/en.js';
import { bareError } from '../src/text/error.js';
import { zh } from '../src/text/zh.js';

// Texts as the drivers and the system write them.
test.each([
  ['unit 2, 03 holding registers 100-105: exception 01 (Illegal function)', 'modbus-tcp', 'function'],
  ['unit 2, 03 holding registers 100-105: exception 02 (Illegal data address)', 'modbus-rtu', 'address'],
  ['unit 2, 03 holding registers 0-124: exception 03 (Illegal data value)', 'modbus-tcp', 'value'],
  ['unit 2, 01 coils 0: exception 06 (Server device busy)', 'modbus-tcp', 'busy'],
  ['unit 2, 01 coils 0: exception 10 (Gateway path unavailable)', 'modbus-tcp', 'path'],
  ['unit 2, 01 coils 0: exception 11 (Gateway target device failed to respond)', 'modbus-tcp', 'target'],
  ['unit 2, 01 coils 0: exception 77 (Custom)', 'modbus-tcp', 'exception'],
  ['unit 1, 04 input registers 0-6: no reply within 240 ms', 'modbus-rtu', 'silentLine'],
  ['unit 1, 04 input registers 0-6: no reply within 240 ms', 'modbus-ascii-over-tcp', 'silentLine'],
  ['unit 1, 04 input registers 0-6: no reply within 500 ms', 'modbus-tcp', 'silentServer'],
  ['unit 1, 04 input registers 0-6: no reply within 500 ms, with 4 on their way', 'modbus-tcp', 'several'],
  ['unit 1, 04 input registers 0-6: only damaged bytes within 240 ms: check baud, parity and wiring', 'modbus-rtu', 'damaged'],
  ['while idle: bytes that are no frame', 'modbus-tcp', 'chatter'],
  ['unit 1, 01 coils 0: a frame of another unit', 'modbus-rtu', 'foreign'],
  ['unit 1, 01 coils 0: a reply that is not what was asked for', 'modbus-rtu', 'misshapen'],
  ['unit 1, 01 coils 0: the line was not silent for 240 ms', 'modbus-rtu', 'lineBusy'],
  ['failed to read from 10.0.0.5:502: none of the last 4 requests was answered, by any unit', 'modbus-tcp', 'deaf'],
  ['failed to connect to 10.0.0.5:502: Connection refused (os error 111)', 'modbus-tcp', 'refused'],
  ['failed to connect to 10.0.0.5:502: No route to host (os error 113)', 'modbus-tcp', 'route'],
  ['failed to connect to 10.0.0.5:502: no answer within 3000 ms', 'modbus-tcp', 'unreachable'],
  ['failed to connect to meter.plant:502: failed to lookup address information: Name or service not known', 'modbus-tcp', 'name'],
  ['failed to read from 10.0.0.5:502: the other end closed it', 'modbus-tcp', 'closed'],
  ['failed to open /dev/ttyUSB0: No such file or directory', 'modbus-rtu', 'noPort'],
  ['failed to open /dev/ttyUSB0: Permission denied', 'serial', 'denied'],
  ['failed to open /dev/ttyUSB0: Device or resource busy', 'modbus-rtu', 'portBusy'],
  ['failed to read from /dev/ttyUSB0: the port is gone (end of file, as after an unplugged adapter)', 'serial', 'portGone'],
  ['failed to connect to 10.0.0.9:1883: the broker refuses the login; check username and password_file', 'mqtt', 'login'],
  ['device "weather": no live message on any of its topics for 20000 ms', 'mqtt', 'silentTopic'],
  ['device "weather", point "weather/wind", topic "weather/wind": there is nothing at /speed', 'mqtt', 'payload'],
  ['device "scale" on /dev/ttyUSB1: no valid line for 10000 ms (if it speaks less often, raise silence_ms)', 'serial', 'silentTalker'],
  ['device "scale" on /dev/ttyUSB1: no pattern matches "\\u{6}T"', 'serial', 'unclear'],
  ['device "scale" on /dev/ttyUSB1: wrong checksum in $GP*00: *1A would be right', 'serial', 'checksum'],
  ['unit 1: no SunSpec marker at 40000, 0 and 50000', 'modbus-tcp', 'sunspec'],
  ['failed to read from 10.0.0.5:502: the stream is out of step: protocol 0x5450 instead of 0', 'modbus-tcp', 'alien'],
  ['failed to read from 10.0.0.5:502: the stream is out of step: a frame of 41394 bytes', 'modbus-tcp', 'alien'],
  ['failed to read from 10.0.0.5:502: the stream is out of step: a frame within a frame', 'modbus-tcp', 'transaction'],
  ['something that nobody ever said', 'modbus-tcp', 'other'],
])('%s', (error, driver, cause) => {
  expect(causeOf(error, driver)).toBe(cause);
});

test('where nothing is said nothing is known', () => {
  expect(causeOf('', 'modbus-tcp')).toBeNull();
});

test('a number that is no exception code of a reply is none', () => {
  expect(causeOf('unit 2, 03 holding registers 2: no reply within 500 ms', 'modbus-tcp')).toBe('silentServer');
});

test('the device’s own name in front is left out, and no other', () => {
  expect(bareError('device "scale" on /dev/x: what', 'scale')).toBe('on /dev/x: what');
  expect(bareError('device "weather": what', 'weather')).toBe('what');
  expect(bareError('device "scale2" on /dev/x: what', 'scale')).toBe('device "scale2" on /dev/x: what');
});

test('every cause has words and something to try, in both languages', () => {
  for (const { devices: { causes } } of [en, zh]) {
    for (const [cause, { what, tries }] of Object.entries(causes)) {
      expect(tries.length, cause).toBeGreaterThan(0);
      expect(what, cause).not.toBe('');
    }
  }
  for (const cause of Object.keys(en.devices.causes) as (keyof typeof en.devices.causes)[]) {
    expect(zh.devices.causes[cause].tries.length, cause).toBe(en.devices.causes[cause].tries.length);
  }
});
