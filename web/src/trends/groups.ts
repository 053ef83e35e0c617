// Which lines share a chart: those with one unit, those with the same names for their values, and all that is on or off.
// Pure.

import type { PointInfo } from 'pointcast';

/** How a chart's values are to be read. */
export type Kind = 'number' | 'names' | 'switch';

/** A line of a chart. `slot` is its place among all that were chosen, which its colour and pattern follow. */
export interface Line {
  readonly id: string;
  readonly slot: number;
  readonly info: PointInfo;
}

/** Lines that share a chart. */
export interface Group {
  /** What they have in common, as text that is equal for equal charts. */
  readonly key: string;
  readonly kind: Kind;
  readonly unit: string;
  readonly lines: readonly Line[];
}

/** What was chosen, as it is drawn. */
export interface Grouped {
  readonly groups: readonly Group[];
  /** Points whose values are text: there is nothing to draw. */
  readonly texts: readonly string[];
  /** Points that the gateway has not told anything of. */
  readonly unknown: readonly string[];
}

/** Charts for what was chosen, in the order in which it was; switches are last. */
export function groupsOf(ids: readonly string[], infoOf: (id: string) => PointInfo | undefined): Grouped {
  const groups = new Map<string, Group & { lines: Line[] }>();
  const texts: string[] = [];
  const unknown: string[] = [];
  for (const [slot, id] of ids.entries()) {
    const info = infoOf(id);
    if (info === undefined) unknown.push(id);
    else if (info.type === 'string') texts.push(id);
    else {
      const kind = kindOf(info);
      const unit = info.unit ?? '';
      const key = kind === 'names' ? `names ${JSON.stringify(info.labels)}` : kind === 'switch' ? kind : `number ${unit}`;
      const group = groups.get(key) ?? { key, kind, unit, lines: [] };
      groups.set(key, group);
      group.lines.push({ id, slot, info });
    }
  }
  const isSwitch = (group: Group) => Number(group.kind === 'switch');
  return { groups: [...groups.values()].sort((one, other) => isSwitch(one) - isSwitch(other)), texts, unknown };
}

function kindOf({ type, labels }: PointInfo): Kind {
  return type === 'bool' ? 'switch' : labels ? 'names' : 'number';
}
