import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayClock } from '../clock.js';

// The gateway's clock stands at 1 000 000 when the page's monotonic clock stands at 0.
const AHEAD = 1_000_000;

test('nothing is known before the first sighting', () => {
  assert.equal(new GatewayClock().at(5), null);
});

test('the quickest stamp is the best one', () => {
  const clock = new GatewayClock();
  clock.stamp(AHEAD + 100, 400);
  assert.equal(clock.at(1_000), AHEAD + 700);
  clock.stamp(AHEAD + 500, 505);
  assert.equal(clock.at(1_000), AHEAD + 995);
  clock.stamp(AHEAD + 600, 900);
  assert.equal(clock.at(1_000), AHEAD + 995);
});

test('a date of whole seconds is right within that second, and live points narrow it', () => {
  const clock = new GatewayClock();
  clock.date(AHEAD, 600, 640);
  assert.equal(clock.at(640), AHEAD);
  clock.source(AHEAD + 690, 700);
  assert.equal(clock.at(700), AHEAD + 690);
});

test("a device's own clock never pushes beyond what the gateway said", () => {
  const clock = new GatewayClock();
  clock.source(AHEAD + 90_000, 10);
  assert.equal(clock.at(10), null);
  clock.stamp(AHEAD, 10);
  clock.source(AHEAD + 90_000, 20);
  assert.equal(clock.at(10), AHEAD);
  clock.date(AHEAD, 10, 30);
  clock.source(AHEAD + 90_000, 40);
  assert.ok(clock.at(10) <= AHEAD + 1_000);
});

test('a clock that was set, either way, is believed at the next sighting', () => {
  const clock = new GatewayClock();
  clock.date(AHEAD, 0, 10);
  clock.date(AHEAD - 50_000, 1_000, 1_010);
  assert.equal(clock.at(1_010), AHEAD - 50_000);
  clock.stamp(AHEAD + 50_000, 2_000);
  assert.equal(clock.at(2_000), AHEAD + 50_000);
});
