// What was counted of a device since the gateway started, by kind.

import { For, type JSX, createMemo } from 'solid-js';
import { numberText } from '../text/format.js';
import { text } from '../text/language.js';
import { shareOfRequests } from './failures.js';
import type { Detailed } from './report.js';
import { shareText } from './words.js';

const KINDS = ['timeouts', 'exceptions', 'malformed', 'damaged', 'foreign', 'misshapen', 'late'] as const;
const PARTS: ReadonlySet<string> = new Set(['damaged', 'foreign', 'misshapen']);

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly count: number;
  readonly means: string;
  readonly isPart: boolean;
}

export function Counters(props: { detailed: Detailed; isFresh: boolean }): JSX.Element {
  const words = () => text().devices.counters;
  const shareOf = ({ kind, count }: Row) => {
    const share = shareOfRequests(kind, count, props.detailed);
    return share === null ? '' : shareText(share);
  };
  const rows = createMemo(() => rowsOf(props.detailed));
  return (
    <section class="panel section">
      <h2>{words().title}</h2>
      <div class="scrolling" tabindex="0" role="region" aria-label={words().title}>
        <table class="figures counters" data-look={props.isFresh ? 'none' : 'lost'}>
          <thead>
            <tr>
              <th scope="col">{words().what}</th>
              <th scope="col" class="number">{words().count}</th>
              <th scope="col" class="number">{words().share}</th>
              <th scope="col">{words().meaning}</th>
            </tr>
          </thead>
          <tbody>
            <For each={rows()}>
              {(row) => (
                <tr data-part={row.isPart} data-some={row.count > 0 && row.kind !== 'requests'}>
                  <th scope="row">{row.name}</th>
                  <td class="number">{numberText(row.count)}</td>
                  <td class="number">{shareOf(row)}</td>
                  <td class="muted">{row.means}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </section>
  );
}

function rowsOf(detailed: Detailed): readonly Row[] {
  const words = text().devices.counters;
  const rows: Row[] = [{ kind: 'requests', ...words.requests, count: detailed.requests, isPart: false }];
  for (const key of KINDS) {
    rows.push({ kind: key, ...words[key], count: detailed[key], isPart: PARTS.has(key) });
    if (key !== 'exceptions') continue;
    for (const [code, count] of Object.entries(detailed.exception_codes).sort()) {
      rows.push({ kind: 'exceptions', name: words.exception(code), count, means: text().devices.codes[code] ?? '', isPart: true });
    }
  }
  return rows;
}
