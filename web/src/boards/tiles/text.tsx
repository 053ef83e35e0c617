// A text tile: paragraphs with their line breaks, and headings.

import { For, type JSX, Show } from 'solid-js';
import { blocks } from './picture.js';

export function TextTile(props: { text: string }): JSX.Element {
  return (
    <div class="prose">
      <For each={blocks(props.text)}>
        {({ isHeading, text }) => <Show when={isHeading} fallback={<p>{text}</p>}><h3>{text}</h3></Show>}
      </For>
    </div>
  );
}
