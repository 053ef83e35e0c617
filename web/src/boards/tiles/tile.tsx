// A tile: its title, what it shows of its point, and how good that is.
//
// What holds: what is not live is grey and says so; a point that there is not is named; a value that is not good says why.

import { A } from '@solidjs/router';
import { type Accessor, type JSX, Match, Show, Suspense, Switch, createMemo, lazy } from 'solid-js';
import type { Point, PointInfo } from 'pointcast';
import { useGateway } from '../../live/gateway.js';
import type { Watched } from '../../live/watch.js';
import { type Look, Quality, lookOf } from '../../shell/quality.js';
import { reasonText } from '../../text/format.js';
import { text } from '../../text/language.js';
import { type Tile, type What, pointsOf } from '../document.js';
import { faultText } from '../fault.js';
import { Bar, Gauge, Lamp, NumberTile } from './of-point.js';
import { TextTile } from './text.js';

const Trend = lazy(() => import('./trend.js'));

/** What a tile of one point draws. */
export interface Reading {
  readonly point: Accessor<Point | undefined>;
  readonly info: Accessor<PointInfo | undefined>;
  readonly look: Accessor<Look>;
}

/** What a tile is called: its title, else its points. */
export function nameOf(tile: Tile): string {
  const title = 'title' in tile.what ? tile.what.title : undefined;
  return title ?? (pointsOf(tile).join(', ') || text().boards.kind[tile.what.kind]);
}

/** One tile. `isShort`: it has one row; `isStill`: nothing on it can be pressed. */
export function TileView(props: { tile: Tile; watched: Watched; isShort: boolean; isStill: boolean }): JSX.Element {
  const what = () => props.tile.what;
  const id = () => {
    const now = what();
    return 'point' in now ? now.point : undefined;
  };
  /** Whether it is called by its only point: of a long id its end tells more than its beginning. */
  const isId = () => nameOf(props.tile) === pointsOf(props.tile)[0];
  const look = createMemo<Look | undefined>(() => {
    const of = id();
    return of === undefined ? undefined : lookOf(props.watched.point(of));
  });
  return (
    <article class="tile panel" data-kind={what().kind} data-look={look()} data-short={props.isShort ? '' : undefined} aria-label={nameOf(props.tile)}>
      <Show when={what().kind !== 'text' || 'title' in what()}>
        <h2 class="caption" title={pointsOf(props.tile).join('\n')} data-id={isId() ? '' : undefined}>
          {/* What is before an id's end is left out on the left, though the id runs as ever. */}
          <bdi>
            <Show when={!props.isStill && placeOf(props.tile)} fallback={nameOf(props.tile)}>
              {(place) => <A class="cover" href={place()}>{nameOf(props.tile)}</A>}
            </Show>
          </bdi>
        </h2>
      </Show>
      <Body what={what()} watched={props.watched} />
    </article>
  );
}

/** The page that tells more of what a tile shows. */
function placeOf(tile: Tile): string | null {
  const points = pointsOf(tile);
  const ids = points.map(encodeURIComponent).join(',');
  return points.length === 0 ? null : tile.what.kind === 'trend' ? `/trends?points=${ids}` : `/?point=${ids}`;
}

function Body(props: { what: Tile['what']; watched: Watched }): JSX.Element {
  const as = <Kind extends Tile['what']['kind']>(...kinds: Kind[]) =>
    kinds.includes(props.what.kind as Kind) && (props.what as Extract<Tile['what'], { kind: Kind }>);
  return (
    <Switch>
      <Match when={as('number', 'gauge', 'bar', 'lamp')}>{(what) => <OfPoint what={what()} watched={props.watched} />}</Match>
      <Match when={as('trend')}>
        {(what) => <Suspense fallback={<p class="state">{text().boards.loading}</p>}><Trend what={what()} watched={props.watched} /></Suspense>}
      </Match>
      <Match when={as('text')}>{(what) => <TextTile text={what().text} hasTitle={what().title !== undefined} />}</Match>
      <Match when={as('unknown')}>
        {(what) => <p class="refusal"><strong>{text().boards.tile.refused}.</strong> {faultText(what().why)}. {text().boards.tile.refusedKept}</p>}
      </Match>
    </Switch>
  );
}

function OfPoint(props: { what: Extract<What, { point: string }>; watched: Watched }): JSX.Element {
  const { catalog } = useGateway();
  const reading: Reading = {
    point: () => props.watched.point(props.what.point),
    info: () => props.watched.info(props.what.point),
    look: () => lookOf(props.watched.point(props.what.point)),
  };
  const isMissing = () => reading.point() === undefined && catalog.lacks(props.what.point);
  const as = <Kind extends What['kind']>(kind: Kind) => props.what.kind === kind && (props.what as Extract<What, { kind: Kind }>);
  return (
    <Show when={!isMissing()} fallback={<p class="refusal">{text().boards.tile.missing} <code>{props.what.point}</code></p>}>
      <Switch>
        <Match when={as('number')}>{(what) => <NumberTile what={what()} reading={reading} />}</Match>
        <Match when={props.what.kind === 'gauge' && props.what}>{(what) => <Gauge what={what()} reading={reading} />}</Match>
        <Match when={props.what.kind === 'bar' && props.what}>{(what) => <Bar what={what()} reading={reading} />}</Match>
        <Match when={as('lamp')}>{(what) => <Lamp what={what()} reading={reading} />}</Match>
      </Switch>
      <State reading={reading} />
    </Show>
  );
}

/** How good the value is: a mark alone while it is good, in words else. */
function State(props: { reading: Reading }): JSX.Element {
  const look = () => props.reading.look();
  const reason = () => (look() === 'uncertain' || look() === 'bad' ? reasonText(props.reading.point()?.reason) : '');
  return (
    <p class="state">
      <Quality look={look()} compact={look() === 'good'} />
      <Show when={reason()}>{(words) => <span class="reason" title={words()}> · {words()}</span>}</Show>
    </p>
  );
}
