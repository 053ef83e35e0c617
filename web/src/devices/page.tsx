// Devices: all of them, or one.

import { useParams } from '@solidjs/router';
import { type JSX, Show } from 'solid-js';
import { DevicePage } from './device.js';
import { DeviceList } from './list.js';
import './devices.css';

export default function DevicesPage(): JSX.Element {
  const params = useParams<{ device?: string }>();
  return (
    <div class="page devices">
      <Show when={nameOf(params.device)} keyed fallback={<DeviceList />}>
        {(device) => <DevicePage device={device} />}
      </Show>
    </div>
  );
}

/** A name as it stands in an address; one that is no right address is itself. */
export function nameOf(segment: string | undefined): string | undefined {
  if (segment === undefined) return undefined;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
