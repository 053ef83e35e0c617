// Trends.

import type { JSX } from 'solid-js';
import { text } from '../text/language.js';

export default function TrendsPage(): JSX.Element {
  return <div class="page"><h1>{text().nav.trends}</h1></div>;
}
