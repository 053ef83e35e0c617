import { expect, test } from 'vitest';
import { MOST_KEPT, MOST_SHOWN, MOST_TEXT, type Severity, type Shelf, added, dismissed, faded, inSight, seen, severityOf, unseen } from '../src/notices/shelf.js';

const of = (...severities: Severity[]): Shelf => severities.reduce<Shelf>(
  (shelf, severity, at) => added(shelf, { key: at + 1, severity, text: `${at + 1}`, from: 'x', time: at }), []);
const keys = (shelf: Shelf) => shelf.map(({ key }) => key);

test('the list is newest first and bounded', () => {
  const shelf = of(...new Array<Severity>(MOST_KEPT + 5).fill('info'));
  expect(shelf.length).toBe(MOST_KEPT);
  expect(shelf[0]?.key).toBe(MOST_KEPT + 5);
  expect(shelf.at(-1)?.key).toBe(6);
});

test('a long text is cut, and shows that it was', () => {
  const [one] = added([], { key: 1, severity: 'info', text: 'x'.repeat(MOST_TEXT + 9), from: null, time: 0 });
  expect(one?.text.length).toBe(MOST_TEXT + 1);
  expect(one?.text.endsWith('…')).toBe(true);
});

test('in sight are the most serious, the newest of them first, and how many more', () => {
  const { shown, more } = inSight(of('info', 'critical', 'warning', 'critical', 'info', 'warning'));
  expect(keys(shown)).toEqual([4, 2, 6]);
  expect(shown.length).toBe(MOST_SHOWN);
  expect(more).toBe(3);
});

test('what was put away is seen, what went by itself is not', () => {
  const shelf = of('warning', 'info');
  expect(unseen(dismissed(shelf, 1))).toBe(1);
  expect(unseen(faded(shelf, 2))).toBe(2);
  expect(keys(inSight(faded(dismissed(shelf, 1), 2)).shown)).toEqual([]);
  expect(keys(faded(dismissed(shelf, 1), 2))).toEqual([2, 1]);
});

test('looking at the list sees all; what is serious stays in sight', () => {
  const shelf = seen(of('info', 'critical'));
  expect(unseen(shelf)).toBe(0);
  expect(keys(inSight(shelf).shown)).toEqual([2]);
});

test('a severity that is not known is not passed over', () => {
  expect(severityOf('critical')).toBe('critical');
  expect(severityOf('dire')).toBe('warning');
});
