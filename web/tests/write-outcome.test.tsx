import { render } from 'solid-js/web';
import { afterEach, expect, test } from 'vitest';
import type { PointInfo, Written } from 'pointcast';
import { Outcome } from '../src/write/outcome.js';
import { pointOf } from './fake.js';

const info: PointInfo = { ...pointOf('boiler/setpoint'), type: 'f32', writable: true, unit: '°C' };

let end: () => void = () => {};
afterEach(() => end());

const told = (written: Written): string => {
  const root = document.createElement('div');
  end = render(() => <Outcome written={written} sent={85} info={info} />, root);
  return root.textContent ?? '';
};

test('what the device keeps stands beside what was written', () => {
  const words = told({ ok: true, verdict: 'mismatch', value: 70 });
  expect(words).toContain('Written: 85 °C');
  expect(words).toContain('Read back: 70 °C');
});

test('without an answer nobody knows whether the device has it', () => {
  expect(told({ ok: false, problem: { title: 'No answer', status: 0, detail: 'TimeoutError' } })).toContain('may have the value all the same');
});
