import { createSignal } from 'solid-js';
import { render } from 'solid-js/web';
import { expect, test } from 'vitest';
import type { PointInfo } from 'pointcast';
import { Field } from '../src/write/field.js';

const MODE: PointInfo = { id: 'mode', value: 0, quality: 'good', time: 0, type: 'u16', labels: { 0: 'off', 1: 'on' }, writable: true };

test('a value without a name that comes after the field is shown as it is, never as the first of the names', () => {
  const root = document.createElement('div');
  const [typed, type] = createSignal('');
  const end = render(() => <Field info={MODE} typed={typed()} onType={type} wrong="" />, root);
  const chosen = () => root.querySelector('select')?.value;
  expect(root.querySelector('input')).toBeNull();
  type('7');
  expect([chosen(), root.querySelector('input')?.value]).toEqual(['other', '7']);
  type('1');
  expect([chosen(), root.querySelector('input')]).toEqual(['1', null]);
  end();
});
