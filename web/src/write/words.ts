// What the write dialog says of values and of what is wrong with them.

import type { PointInfo, Problem, Value } from 'pointcast';
import { NOTHING, valueText } from '../text/format.js';
import { text } from '../text/language.js';
import { kindOfProblem } from './fate.js';
import type { Fault } from './number.js';
import { MOST_TEXT_BYTES, rangeOf } from './value.js';

/** A value with its unit and every digit that it has: what is sent is not rounded for the eye. */
export function exactText(value: Value | undefined, info: PointInfo): string {
  if (value === '') return text().write.emptyText;
  const { precision: _, ...exact } = info;
  const { text: shown, raw } = valueText(value, exact);
  const number = raw === null ? shown : `${shown} (${raw})`;
  return withUnit(number, info);
}

/** A value with its unit, as it stands everywhere. */
export function shownText(value: Value | undefined, info: PointInfo): string {
  return withUnit(valueText(value, info).text, info);
}

function withUnit(shown: string, { unit }: PointInfo): string {
  return unit && shown !== NOTHING ? `${shown} ${unit}` : shown;
}

/** Which values there may be; empty where nothing is said of that. */
export function rangeText(info: PointInfo): string {
  const range = rangeOf(info);
  return range ? text().write.range(exactText(range[0], bare(info)), exactText(range[1], info)) : '';
}

export function faultText(fault: Fault, info: PointInfo): string {
  const words = text().write.fault;
  if (fault.why === 'range') return words.range(exactText(fault.low, bare(info)), exactText(fault.high, info));
  if (fault.why === 'separator') return words.separator(fault.decimal);
  return fault.why === 'long' ? words.long(String(MOST_TEXT_BYTES)) : words[fault.why];
}

/** A bound has no name, even where its number has one. */
function bare({ unit: _, labels: __, ...info }: PointInfo): PointInfo {
  return info;
}

/** The title of a refusal in the reader's language, the gateway's own where it is none of its known ones. */
export function titleText(problem: Problem): string {
  const titles: Record<string, string> = text().write.problem;
  const kind = problem.status === 0 ? 'no-answer' : (kindOfProblem(problem) ?? '');
  return (Object.hasOwn(titles, kind) && titles[kind]) || problem.title;
}
