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
      <Show when={params.device} keyed fallback={<DeviceList />}>
        {(device) => <DevicePage device={device} />}
      </Show>
    </div>
  );
}
