// Points that a component follows, each drawn alone when it changes.
//
// What holds: what is given out is what this watch was told last, live or not; a watch that ended gives nothing. What is
// drawn is brought up to date once per animation frame, and costs only the points that are looked at.

import { type Accessor, createEffect, createMemo, createSignal, on, onCleanup } from 'solid-js';
import { type Point, type PointInfo, patternFault } from 'pointcast';
import { inNextFrame } from './frame.js';
import { useGateway } from './gateway.js';
import { Looks } from './looks.js';
import { Names } from './names.js';
import { createRecorder } from './recorder.js';

/** Of more points than this, names are put in order no more often than `NAMES_MS`, however many come and go. */
const MANY = 1_000;
const NAMES_MS = 200;

/** What is followed. */
export interface Watched {
  /** The newest of a point. Tracked by point. */
  point(id: string): Point | undefined;
  /** What is known of it. Tracked. */
  info(id: string): PointInfo | undefined;
  /** The ids of all that came, in the order of their names. Tracked; anew only when points come or go. */
  readonly ids: Accessor<readonly string[]>;
  /** Every point as it is now, not tracked. */
  peek(): ReadonlyMap<string, Point>;
  /** Anew after each frame in which something changed. */
  readonly changed: Accessor<number>;
}

/** Hears all that comes, at once: what is new, before it is `held`. */
export type Heard = (news: readonly Point[], held: ReadonlyMap<string, Point>) => void;

/** Follows what the patterns take in, as long as the component lives. Patterns that are none are left out. */
export function createWatch(patterns: Accessor<readonly string[]>, heard?: Heard): Watched {
  const gateway = useGateway();
  const { client, catalog } = gateway;
  const points = new Map<string, Point>();
  const looks = new Looks();
  const dirty = new Set<string>();
  const [changed, setChanged] = createSignal(0);
  const list = createList(points);
  let ended = false;

  const draw = () => {
    if (ended) return;
    // First the names: what listed a point that is no more looks at it no more.
    const isNamed = list.renew();
    for (const id of dirty) {
      looks.draw(id, points.get(id));
      if (isNamed || points.has(id)) dirty.delete(id);
    }
    if (!isNamed) inNextFrame(draw);
    setChanged((before) => before + 1);
  };
  const take = (news: readonly Point[], removed: readonly string[]) => {
    heard?.(news, points);
    for (const point of news) {
      if (!points.has(point.id)) list.come(point.id);
      points.set(point.id, point);
      dirty.add(point.id);
    }
    for (const id of removed) {
      if (points.delete(id)) list.go();
      dirty.add(id);
    }
    inNextFrame(draw);
  };
  const forget = () => {
    for (const id of points.keys()) dirty.add(id);
    points.clear();
    list.go();
    inNextFrame(draw);
  };

  const sound = createMemo(() => patterns().filter((one) => patternFault(one) === null).join());
  createEffect(on(sound, (joined) => {
    const wanted = joined === '' ? [] : joined.split(',');
    if (wanted.length === 0) return;
    const recorder = createRecorder(gateway);
    const watch = client.watch(wanted, (news, removed) => {
      recorder.take(news, removed);
      take(news, removed);
    });
    const unwant = catalog.want(wanted);
    onCleanup(() => {
      watch.close();
      unwant();
      recorder.end();
      forget();
    });
  }));
  onCleanup(() => (ended = true));

  return {
    point: (id) => looks.of(id, points.get(id)),
    info: (id) => catalog.info(id),
    ids: list.ids,
    peek: () => points,
    changed,
  };
}

/** The ids of all points, in order. */
function createList(points: ReadonlyMap<string, Point>) {
  const [ids, setIds] = createSignal<readonly string[]>([]);
  const names = new Names();
  let added: string[] = [];
  let isOld = false;
  let namedAt = -Infinity;
  return {
    ids,
    come(id: string) {
      added.push(id);
      isOld = true;
    },
    go: () => void (isOld = true),
    /** Brings it up to date, unless it is too early for that. Whether it now is. */
    renew(): boolean {
      if (!isOld) return true;
      if (points.size > MANY && performance.now() - namedAt < NAMES_MS) return false;
      setIds(names.renew(added, (id) => points.has(id)));
      added = [];
      isOld = false;
      namedAt = performance.now();
      return true;
    },
  };
}
