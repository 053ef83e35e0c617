// Everything about one point: beside the table where there is room, over it where there is none.
//
// When a point was read last is no change, so the stream does not say it: that is asked for as long as this is open.

import { A } from '@solidjs/router';
import { For, type JSX, Show, createEffect, createMemo, createSignal, on, onCleanup } from 'solid-js';
import type { Point, PointInfo } from 'pointcast';
import { useGateway } from '../live/gateway.js';
import { createWatch } from '../live/watch.js';
import { createModal } from '../shell/modal.js';
import { Quality, lookOf } from '../shell/quality.js';
import { reasonText, share, valueText } from '../text/format.js';
import { text } from '../text/language.js';
import { WriteButton } from '../write/button.js';
import { causeOf } from './error.js';
import { factsOf, whenText } from './facts.js';
import { deviceOf } from './filter.js';
import { type Marks, trendsOf } from './marks.js';
import { Recent } from './recent.js';

const READ_EVERY_MS = 1_000;
const NARROW = '(max-width: 70rem)';

interface DetailsProps {
  id: string;
  marks: Marks;
  onClose: () => void;
}

export function Details(props: DetailsProps): JSX.Element {
  const isNarrow = createMedia(NARROW);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    props.onClose();
  };
  return (
    <Show when={isNarrow()} fallback={
      <aside class="details panel" aria-labelledby="details-title" onKeyDown={onKeyDown}><Sheet {...props} /></aside>
    }>
      <Over onClose={props.onClose}><Sheet {...props} /></Over>
    </Show>
  );
}

/** Over the page. A press beside the content is one on the dialog element itself. */
function Over(props: { onClose: () => void; children: JSX.Element }): JSX.Element {
  let dialog!: HTMLDialogElement;
  createModal(() => dialog);
  return (
    <dialog class="details" ref={dialog} aria-labelledby="details-title" onClose={() => props.onClose()}
      onClick={({ target }) => target === dialog && dialog.close()}>
      <div class="sheet">{props.children}</div>
    </dialog>
  );
}

function Sheet(props: DetailsProps): JSX.Element {
  const { catalog } = useGateway();
  const device = createMemo(() => deviceOf(props.id, catalog.info(props.id)));
  const ofDevice = (name: string) => `$devices/${device()}/${name}`;
  const watched = createWatch(() => [props.id, ...(device() === null ? [] : [ofDevice('state'), ofDevice('last_error')])]);
  const read = createRead(() => props.id);
  const point = () => watched.point(props.id);
  const info = createMemo(() => watched.info(props.id) ?? read());
  const look = () => lookOf(point());
  const error = () => {
    const [state, said] = [watched.point(ofDevice('state')), watched.point(ofDevice('last_error'))];
    // A device that is well again still tells what was last: that is not why.
    const isTroubled = state?.live === true && (state.value === 'degraded' || state.value === 'offline');
    const isWrong = point() !== undefined && point()?.quality !== 'good';
    return isWrong && isTroubled && said?.live && typeof said.value === 'string' && said.value !== '' ? causeOf(said.value, device() ?? '').whole : null;
  };
  return (
    <>
      <header>
        <h2 id="details-title">{props.id}</h2>
        <button type="button" class="quiet" onClick={() => props.onClose()} aria-label={text().close}>✕</button>
      </header>
      <div class="reading" data-look={look()}>
        <p><span class="value number">{valueText(point()?.value, info()).text}</span> <span class="unit">{point()?.value == null ? '' : info()?.unit}</span></p>
        <Gauge point={point()} info={info()} />
        <p><Quality look={look()} /> <span class="reason">{reasonText(point()?.reason)}</span></p>
      </div>
      <Show when={point() === undefined && catalog.lacks(props.id)}><p class="description">{text().points.details.unknown}</p></Show>
      <Show when={info()?.description}>{(description) => <p class="description">{description()}</p>}</Show>
      <Show when={error()}>
        {(says) => <p class="says"><b>{text().devices.gatewaySays}</b> {says()}</p>}
      </Show>
      <Recent id={props.id} info={info()} look={look()} />
      <div class="ways">
        <WriteButton info={info()} point={point()} />
        <A class="button" href={trendsOf([props.id])}>{text().points.details.trends}</A>
        <button type="button" aria-pressed={props.marks.all().has(props.id)} onClick={() => props.marks.toggle(props.id)}>
          {text().points.details.mark}
        </button>
        <Show when={device()}>{(name) => <A class="button" href={`/devices/${encodeURIComponent(name())}`}>{text().points.details.toDevice(name())}</A>}</Show>
      </div>
      <Facts point={point()} info={info()} read={read()} />
    </>
  );
}

/** Where the value lies in its range, which stands at its ends. */
function Gauge(props: { point: Point | undefined; info: PointInfo | undefined }): JSX.Element {
  const part = () => share(props.point?.value, props.info);
  return (
    <Show when={part() !== null}>
      <p class="range number" aria-hidden="true">
        <span>{valueText(props.info?.range?.[0], props.info).text}</span>
        <span class="gauge" style={{ '--share': part() ?? 0 }} />
        <span>{valueText(props.info?.range?.[1], props.info).text}</span>
      </p>
    </Show>
  );
}

function Facts(props: { point: Point | undefined; info: PointInfo | undefined; read: PointInfo | undefined }): JSX.Element {
  const { now } = useGateway();
  const words = () => text().points.details;
  // Only of the trouble that the stream tells of too.
  const since = () => (props.read?.quality === props.point?.quality && props.read?.reason === props.point?.reason ? props.read?.since : undefined);
  const checked = () => (props.read === undefined ? '…' : props.read.checked == null ? words().never : whenText(props.read.checked, now()));
  return (
    <dl class="facts">
      <Show when={since()}>{(moment) => <><dt>{words().since}</dt><dd>{whenText(moment(), now())}</dd></>}</Show>
      <dt>{words().changed}</dt><dd>{whenText(props.point?.time ?? null, now())}</dd>
      <dt>{words().read}</dt><dd>{checked()}</dd>
      <For each={factsOf(props.point, props.info)}>{([name, fact]) => <><dt>{words()[name]}</dt><dd>{fact}</dd></>}</For>
    </dl>
  );
}

/** The point as the gateway has it, asked for again and again: one question at a time, none while nobody looks or there is no contact. */
function createRead(id: () => string): () => PointInfo | undefined {
  const { client, isLost } = useGateway();
  const [read, setRead] = createSignal<PointInfo>();
  createEffect(on(id, () => setRead(undefined)));
  createEffect(on([id, isLost], ([asked, lost]) => {
    if (lost) return;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      const [answer] = document.hidden ? [] : await client.read([asked]).catch(() => []);
      if (isOver) return;
      if (answer) setRead(answer);
      timer = setTimeout(() => void ask(), READ_EVERY_MS);
    };
    void ask();
    onCleanup(() => {
      isOver = true;
      clearTimeout(timer);
    });
  }));
  return read;
}

function createMedia(query: string): () => boolean {
  const media = matchMedia(query);
  const [matches, setMatches] = createSignal(media.matches);
  const hear = () => setMatches(media.matches);
  media.addEventListener('change', hear);
  onCleanup(() => media.removeEventListener('change', hear));
  return matches;
}
