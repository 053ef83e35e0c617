// What the gateway says of a device, where the device is named beside it. Pure.

/** The gateway's text without what stands beside it anyway: the device's own name in front. */
export function bareError(error: string, device: string): string {
  for (const own of [`device "${device}", `, `device "${device}": `, `device "${device}" `]) {
    if (error.startsWith(own)) return error.slice(own.length);
  }
  return error;
}
