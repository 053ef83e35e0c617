// Boards.

import type { JSX } from 'solid-js';
import { text } from '../text/language.js';

export default function BoardsPage(): JSX.Element {
  return <div class="page"><h1>{text().nav.boards}</h1></div>;
}
