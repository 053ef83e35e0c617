// What the dashboard says, in English. Other languages have the same entries: the type of this one is theirs.

export const en = {
  language: 'English',
  brand: 'Pointcast',
  nav: { label: 'Pages', points: 'Points', trends: 'Trends', devices: 'Devices', boards: 'Boards' },
  skip: 'Skip to content',
  appearance: { label: 'Appearance', auto: 'as the system', light: 'light', dark: 'dark' },
  languageLabel: 'Language',
  contact: {
    live: 'live',
    behind: 'catching up',
    lost: 'no contact',
    connecting: 'connecting',
    never: 'No contact with the gateway yet.',
    since: (time: string) => `No contact since ${time}. Nothing shown is live.`,
    retry: 'It is tried again by itself.',
  },
  quality: { good: 'good', uncertain: 'uncertain', bad: 'bad', lost: 'not live', none: 'no value' },
  state: { online: 'online', degraded: 'degraded', offline: 'offline', disabled: 'disabled', unknown: 'not known' },
  reason: {
    waiting: 'no reading yet',
    stale: 'not read lately',
    timeout: 'no answer in time',
    no_communication: 'no connection',
    device_error: 'device reports an error',
    not_a_number: 'has no value',
    out_of_range: 'outside its range',
    substituted: 'substituted',
    configuration: 'configuration error',
  } as Record<string, string>,
  yes: 'yes',
  no: 'no',
  now: 'now',
  ago: (span: string) => `${span} ago`,
  ahead: (span: string) => `${span} ahead`,
  span: {
    seconds: (count: string) => `${count} s`,
    minutes: (count: string) => `${count} min`,
    hours: (count: string) => `${count} h`,
    days: (count: string) => `${count} d`,
  },
  close: 'Close',
  missing: {
    title: 'There is no such page',
    text: 'The address may be of another version, or mistyped.',
    action: 'To the points',
  },
  failed: {
    title: 'This page could not be shown',
    text: 'Loading it again usually helps: the gateway may have been updated since it was opened.',
    action: 'Load again',
  },

  points: {},

  trends: {},

  devices: {},

  boards: {},

  write: {},

  notices: {},
};

/** A language: all that the dashboard says. */
export type Text = typeof en;
