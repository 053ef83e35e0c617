// A text tile: paragraphs with their line breaks, and headings.

import { For, type JSX, Show } from 'solid-js';
import { Dynamic } from 'solid-js/web';
import { blocks } from './picture.js';

/** `hasTitle`: its headings stand below the tile's own. */
export function TextTile(props: { text: string; hasTitle: boolean }): JSX.Element {
  return (
    <div class="prose">
      <For each={blocks(props.text)}>
        {({ isHeading, text }) => <Show when={isHeading} fallback={<p>{text}</p>}><Dynamic component={props.hasTitle ? 'h3' : 'h2'}>{text}</Dynamic></Show>}
      </For>
    </div>
  );
}
