// Devices.

import type { JSX } from 'solid-js';
import { text } from '../text/language.js';

export default function DevicesPage(): JSX.Element {
  return <div class="page"><h1>{text().nav.devices}</h1></div>;
}
