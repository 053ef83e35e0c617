// A reading plan in figures.

import { A } from '@solidjs/router';
import { For, type JSX, Show } from 'solid-js';
import { numberText } from '../text/format.js';
import { text } from '../text/language.js';
import { pointsOf, shareOf, sumOfShares } from './plan.js';
import type { Detailed, PlanLine } from './report.js';
import { everyText, requestText, shareText, shortTimeText, tableText } from './words.js';

/** As many points of a request are named. */
const MOST_NAMED = 3;

/** What a device is asked for: each request with what it takes. */
export function PlanTable(props: { device: string; plan: readonly PlanLine[] }): JSX.Element {
  const words = () => text().devices.table;
  const hasParts = () => props.plan.every(({ parts }) => typeof parts['function'] === 'number');
  return (
    <div class="scrolling" tabindex="0" role="region" aria-label={words().caption}>
      <table class="figures">
        <caption class="unseen">{words().caption}</caption>
        <thead>
          <tr>
            <Show when={hasParts()} fallback={<th scope="col">{words().request}</th>}>
              <th scope="col">{words().function}</th>
              <th scope="col">{words().table}</th>
              <th scope="col" class="number">{words().start}</th>
              <th scope="col" class="number">{words().count}</th>
            </Show>
            <th scope="col">{words().points}</th>
            <th scope="col" class="number">{words().every}</th>
            <th scope="col" class="number">{words().wire}</th>
            <th scope="col" class="number">{words().share}</th>
          </tr>
        </thead>
        <tbody>
          <For each={props.plan}>{(line) => <Line device={props.device} line={line} hasParts={hasParts()} />}</For>
        </tbody>
        <Show when={sumOfShares(props.plan) !== null}>
          <tfoot>
            <tr>
              <th scope="row" colspan={hasParts() ? 7 : 4}>{words().sum}</th>
              <td class="number">{shareText(sumOfShares(props.plan))}</td>
            </tr>
          </tfoot>
        </Show>
      </table>
    </div>
  );
}

function Line(props: { device: string; line: PlanLine; hasParts: boolean }): JSX.Element {
  const words = () => text().devices.table;
  const part = (name: string) => props.line.parts[name];
  const named = () => pointsOf(props.line, props.device, MOST_NAMED);
  const configured = () => props.line.configured_scan_ms;
  return (
    <tr data-refused={props.line.refused}>
      <Show when={props.hasParts} fallback={<th scope="row">{requestText(props.line)}</th>}>
        <td>{String(part('function')).padStart(2, '0')}</td>
        <td>{tableText(String(part('table')))}</td>
        <td class="number">{part('start') === undefined ? '—' : String(part('start'))}</td>
        <td class="number">{String(part('count') ?? '—')}</td>
      </Show>
      <td class="names" title={props.line.points.join('\n')}>
        {named().names.join(', ')}
        <Show when={named().more > 0}>{' '}<span class="muted">{words().more(numberText(named().more))}</span></Show>
        <Show when={props.line.refused}><span class="warning" data-look="uncertain"> ▲ {words().refused}</span></Show>
      </td>
      <td class="number">
        {everyText(props.line.scan_ms)}
        <Show when={configured()}>{(ms) => <span class="warning" data-look="uncertain"> ▲ {words().configured(everyText(ms()))}</span>}</Show>
      </td>
      <td class="number">{shortTimeText(props.line.wire_ms)}</td>
      <td class="number">{shareText(shareOf(props.line))}</td>
    </tr>
  );
}

/** The other devices of the channel, each with what it takes. */
export function OthersTable(props: { others: readonly Detailed[] }): JSX.Element {
  const words = () => text().devices.table;
  return (
    <Show when={props.others.length > 0}>
      <h3>{words().others}</h3>
      <div class="scrolling" tabindex="0" role="region" aria-label={words().others}>
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">{words().device}</th>
              <th scope="col" class="number">{words().requests}</th>
              <th scope="col" class="number">{words().share}</th>
            </tr>
          </thead>
          <tbody>
            <For each={props.others}>
              {({ device, plan }) => (
                <tr>
                  <th scope="row"><A href={`/devices/${encodeURIComponent(device)}`}>{device}</A></th>
                  <td class="number">{numberText(plan.length)}</td>
                  <td class="number">{shareText(sumOfShares(plan))}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </Show>
  );
}
