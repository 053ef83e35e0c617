// The way to write a point: nothing where it cannot be written, and not to be pressed while there is no contact.

import { type JSX, Show, createRoot, createSignal, createUniqueId, getOwner, onCleanup } from 'solid-js';
import { insert } from 'solid-js/web';
import type { Point, PointInfo } from 'pointcast';
import { useGateway } from '../live/gateway.js';
import { text } from '../text/language.js';
import { WriteDialog } from './dialog.js';

/** Opens the dialog that writes the point. */
export function WriteButton(props: { info: PointInfo | undefined; point: Point | undefined }): JSX.Element {
  const { isLost } = useGateway();
  const owner = getOwner();
  const why = createUniqueId();
  const writable = () => (props.info?.writable && props.point ? props.info : undefined);
  // What is being sent outlives this button: it must not take the verdict with it. All else is left with it.
  const [isLeft, setLeft] = createSignal(false);
  onCleanup(() => setLeft(true));
  const open = (info: PointInfo) => createRoot((dispose) => {
    const place = document.body.appendChild(document.createElement('div'));
    insert(place, <WriteDialog info={info} isLeft={isLeft() || (props.info?.id ?? info.id) !== info.id} onEnd={() => {
      dispose();
      place.remove();
    }} />);
  }, owner);
  return (
    <Show when={writable()}>
      {(info) => (
        <>
          <button type="button" class="write" disabled={isLost()} aria-describedby={isLost() ? why : undefined}
            title={isLost() ? text().write.noContact : undefined} onClick={() => open(info())}>
            {text().write.open}
          </button>
          <Show when={isLost()}><span class="unseen" id={why}>{text().write.noContact}</span></Show>
        </>
      )}
    </Show>
  );
}
