// All devices by channel: how each is and since when, what is wrong, and what the gateway counts of it.
//
// What holds: states come by the stream, counts and response times are asked for; which of them is old is shown as that.
// Where a device stands does not change because contact was lost.

import { useSearchParams } from '@solidjs/router';
import { For, type JSX, Match, Show, Switch, createMemo } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { type Watched, createWatch } from '../live/watch.js';
import { momentText } from '../text/format.js';
import { text } from '../text/language.js';
import { Filters } from './filters.js';
import { type Group, type Listed, type Order, STATES, type State, chosen, counts, grouped, isTroubled, sharedError, stateOf } from './order.js';
import { Share, standingOf } from './parts.js';
import { type Asked, createQuestion } from './question.js';
import { type Report, askAll } from './report.js';
import { COLUMNS, Row } from './row.js';
import { Trouble } from './trouble-text.js';

const ASK_EVERY_MS = 5_000;

/** What the list is made of. */
export interface View {
  /** States and last errors. */
  readonly states: Watched;
  /** The other points of devices. */
  readonly figures: Watched;
  readonly reports: () => ReadonlyMap<string, Report>;
  readonly isFresh: () => boolean;
}

const own = (device: string, name: string) => `$devices/${device}/${name}`;

export function DeviceList(): JSX.Element {
  const asked = createQuestion(askAll, ASK_EVERY_MS);
  const states = createWatch(() => [own('*', 'state'), own('*', 'last_error')]);
  const figures = createWatch(() => [own('*', 'utilisation'), own('*', 'scan_ms'), own('*', 'timeouts')]);
  const reports = createMemo(() => new Map((asked.answer().value ?? []).map((report) => [report.device, report])));
  const view: View = { states, figures, reports, isFresh: asked.isFresh };
  return (
    <>
      <h1>{text().devices.title}</h1>
      <Switch fallback={<Listing view={view} asked={asked} />}>
        <Match when={asked.answer().value === undefined}><NotYet asked={asked} /></Match>
        <Match when={asked.answer().value?.length === 0}><None /></Match>
      </Switch>
    </>
  );
}

/** Nobody has told yet which devices there are. */
function NotYet(props: { asked: Asked<unknown> }): JSX.Element {
  return (
    <section class="empty">
      <Unanswered asked={props.asked} noAnswer={text().devices.noAnswer} />
    </section>
  );
}

/** Why there is no first answer yet: it is on its way, there is nobody to ask, or it failed. */
export function Unanswered(props: { asked: Asked<unknown>; noAnswer?: string }): JSX.Element {
  const { isLost, isFirst } = useGateway();
  return (
    <Switch fallback={<p>{text().devices.asking}</p>}>
      <Match when={isLost() && !isFirst()}><p role="status">{text().devices.noContact}</p></Match>
      <Match when={props.asked.answer().fault !== null}>
        <Show when={props.noAnswer}><p>{props.noAnswer}</p></Show>
        <p><code>{String(props.asked.answer().fault)}</code></p>
        <button type="button" onClick={props.asked.again}>{text().devices.again}</button>
      </Match>
    </Switch>
  );
}

function None(): JSX.Element {
  return (
    <section class="empty">
      <h2>{text().devices.none.title}</h2>
      <p>{text().devices.none.text}</p>
      <p>{text().devices.none.check}</p>
    </section>
  );
}

/** Said where what was asked for is no longer what is so. */
export function Old(props: { asked: Asked<unknown> }): JSX.Element {
  const { contact } = useGateway();
  // Loss of contact is told by the page's banner.
  const isOld = () => !props.asked.isFresh() && contact().state !== 'lost' && props.asked.answer().fault !== null;
  return (
    <Show when={isOld()}>
      <p class="old" role="status">
        {text().devices.old(momentText(props.asked.answer().at))} <code>{String(props.asked.answer().fault)}</code>{' '}
        <button type="button" onClick={props.asked.again}>{text().devices.again}</button>
      </p>
    </Show>
  );
}

function Listing(props: { view: View; asked: Asked<readonly Report[]> }): JSX.Element {
  const { states } = props.view;
  const [search, setSearch] = useSearchParams<{ state?: string; find?: string; order?: string }>();
  const shown = () => new Set<State>((search.state ?? '').split(',').map(stateOf).filter((state) => STATES.includes(state)));
  const order = (): Order => (search.order === 'name' ? 'name' : 'worst');
  const find = () => search.find ?? '';

  const all = createMemo((): readonly Listed[] => {
    states.changed();
    return [...props.view.reports().values()].map(({ device, channel, driver, address, state: asked, last_error: told }) => {
      const state = stateOf(states.peek().get(own(device, 'state'))?.value ?? asked);
      const error = states.peek().get(own(device, 'last_error'))?.value ?? told;
      return { device, channel, driver, address, state, error: isTroubled(state) ? String(error ?? '') : '' };
    });
  });
  const fitting = createMemo(() => chosen(all(), shown(), find()));
  const groups = createMemo(() => new Map(grouped(fitting(), order()).map((group) => [group.channel, group])));
  const inChannel = createMemo(() => new Map(grouped(all(), 'name').map((group) => [group.channel, group.devices])));
  // Back undoes what was chosen, and a search as a whole.
  const change = (to: { state?: string; find?: string; order?: string }) => setSearch(to, { replace: to.find !== undefined && find() !== '' });
  return (
    <>
      <Filters counts={counts(all())} states={shown()} find={find()} order={order()} onChange={change} />
      <Old asked={props.asked} />
      <Show when={fitting().length > 0} fallback={
        <section class="empty">
          <p>{text().devices.nothingFits}</p>
          <button type="button" onClick={() => change({ state: '', find: '' })}>{text().devices.showAll}</button>
        </section>
      }>
        <table class="panel devices-table">
          <caption class="unseen">{text().devices.title}</caption>
          <thead>
            <tr>
              <For each={COLUMNS}>{(column) => <th scope="col" data-column={column}>{text().devices.columns[column]}</th>}</For>
            </tr>
          </thead>
          <For each={[...groups().keys()]}>
            {(channel) => <Channel view={props.view} group={groups().get(channel)} of={inChannel().get(channel) ?? []} />}
          </For>
        </table>
      </Show>
    </>
  );
}

function Channel(props: { view: View; group: Group<Listed> | undefined; of: readonly Listed[] }): JSX.Element {
  const { contact } = useGateway();
  const { figures, states } = props.view;
  // What is wrong is told only while it is known, as with each device alone.
  const isKnown = () => standingOf(states.point(own(first(), 'state'))).isLive;
  const shared = () => (isKnown() ? sharedError(props.of) : null);
  const utilisation = createMemo(() => channelShare(figures, props.of.map(({ device }) => device)));
  const first = () => props.of[0]?.device ?? '';
  return (
    <tbody>
      <tr class="channel">
        <th scope="rowgroup" colspan={COLUMNS.length}>
          <span class="channel-head">
            <h2>{props.group?.channel}</h2>
            <span class="muted">{props.group?.driver} · {text().devices.count(props.of.length)}</span>
            <Show when={utilisation() !== null}>
              <span class="channel-share">
                <span class="muted">{text().devices.channelShare}</span>
                <Share share={utilisation()} isLive={contact().state === 'live'} />
              </span>
            </Show>
          </span>
        </th>
      </tr>
      <Show when={shared()}>
        {(error) => (
          <tr class="why">
            <td colspan={COLUMNS.length}>
              <p>{text().devices.wholeChannel(props.of.length)}</p>
              <Trouble compact device={first()} driver={props.group?.driver ?? ''} error={error()}
                standing={standingOf(states.point(own(first(), 'state')))} />
            </td>
          </tr>
        )}
      </Show>
      <For each={props.group?.devices.map(({ device }) => device) ?? []}>
        {(device) => <Row device={device} view={props.view} isSharedTrouble={shared() !== null} />}
      </For>
    </tbody>
  );
}

/** The share of a channel's time that its devices used lately; null where nobody can tell. */
export function channelShare(figures: Watched, devices: readonly string[]): number | null {
  const known = devices.flatMap((device) => {
    const point = figures.point(own(device, 'utilisation'));
    return typeof point?.value === 'number' && point.quality === 'good' ? [point.value] : [];
  });
  return known.length === 0 ? null : known.reduce((sum, share) => sum + share, 0);
}
