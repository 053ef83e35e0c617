// A point's id, to be read: in a narrow place its line ends after a slash.
//
// What holds: copied and read aloud it is the id and nothing more. Where one part alone is too long, the place's own
// style breaks within it.

import { For, type JSX, Show } from 'solid-js';

export function Id(props: { id: string }): JSX.Element {
  return (
    <For each={props.id.split('/')}>
      {(part, at) => <><Show when={at() > 0}>/<wbr /></Show>{part}</>}
    </For>
  );
}
