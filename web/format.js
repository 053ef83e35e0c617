// Text for values, qualities, ages and times. Pure: what is shown depends on the arguments alone.
// A value that is not there is a dash, never a zero; digits that came as text are shown as they came.

export const NOTHING = '—';

/** How each quality looks: a shape and a word, so that colour is never the only sign. */
export const QUALITY = {
  good: { shape: '●', word: 'good' },
  uncertain: { shape: '▲', word: 'uncertain' },
  bad: { shape: '■', word: 'bad' },
};

/** How anything looks that the page has no contact for, whatever it last was. */
export const NOT_LIVE = { shape: '◌', word: 'not live' };

/** How each state of a device looks. */
export const STATE = {
  online: { shape: '●', word: 'online' },
  degraded: { shape: '▲', word: 'degraded' },
  offline: { shape: '■', word: 'offline' },
  disabled: { shape: '○', word: 'disabled' },
};

/** What a reason says, in a few words. */
export const REASON = {
  waiting: 'no reading yet',
  stale: 'not read lately',
  timeout: 'no answer in time',
  no_communication: 'no connection',
  device_error: 'device reports an error',
  not_a_number: 'has no value',
  out_of_range: 'outside its range',
  substituted: 'substituted',
  configuration: 'configuration error',
};

/** What an f64 shows of itself where no precision is given: the last digits of most are noise, and do not fit. */
const F64_DIGITS = 12;

const FLOATS = new Set(['f32', 'f64']);

/**
 * A point's value for people: `{ text, raw }`, where `raw` is the number behind a label or a rounded text, or `null`.
 * `meta` may be missing: then the value stands as the gateway wrote it.
 */
export function valueText(value, meta) {
  if (value === null || value === undefined) return { text: NOTHING, raw: null };
  const label = labelOf(value, meta);
  if (label !== null) return { text: label, raw: String(Number(value)) };
  // Answers what most names of such points ask: “door/closed”, “pump/running”, “service_due”.
  if (typeof value === 'boolean') return { text: value ? 'yes' : 'no', raw: String(value) };
  const rounds = Math.abs(value) <= Number.MAX_SAFE_INTEGER; // beyond, `toFixed` makes up digits
  if (typeof value === 'number' && rounds && FLOATS.has(meta?.type) && Number.isInteger(meta.precision)) {
    return { text: unsignedZero(value.toFixed(Math.min(meta.precision, 100))), raw: null };
  }
  if (typeof value === 'number' && meta?.type === 'f64') {
    const text = String(Number(value.toPrecision(F64_DIGITS)));
    return { text, raw: text === String(value) ? null : String(value) };
  }
  return { text: String(value), raw: null };
}

/** The name of an enumerated value. Text points have none: their text is what it is. */
function labelOf(value, meta) {
  if (!meta?.labels || meta.type === 'string') return null;
  const key = typeof value === 'boolean' ? String(Number(value)) : String(value);
  return Object.hasOwn(meta.labels, key) ? meta.labels[key] : null;
}

/** `-0.00` reads as a sign that means something; it does not. */
function unsignedZero(text) {
  return /^-[0.]+$/.test(text) ? text.slice(1) : text;
}

/** Where the value lies in its range, 0 to 1; `null` where that cannot be told. */
export function share(value, meta) {
  if (typeof value !== 'number' || !Array.isArray(meta?.range) || labelOf(value, meta) !== null) return null;
  const [low, high] = meta.range;
  if (!(high > low)) return null;
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/** A reason in words; an unknown one as the gateway wrote it. */
export function reasonText(reason) {
  if (!reason) return '';
  return Object.hasOwn(REASON, reason) ? REASON[reason] : reason.replaceAll('_', ' ');
}

/** More of a cause than this does not fit a lamp. */
const MOST_CAUSE = 90;

/**
 * A device's error for people: `{ whole, what, cause }`. `whole` leaves out the device's own name in front; `cause` is
 * what stands behind its last colon, the end of it where it is long, and `what` all before.
 */
export function causeText(error, device) {
  const own = `device "${device}", `;
  const whole = error.startsWith(own) ? error.slice(own.length) : error;
  const cut = whole.lastIndexOf(': ');
  const cause = cut < 0 ? whole : whole.slice(cut + 2);
  const shown = cause.length > MOST_CAUSE ? `…${cause.slice(1 - MOST_CAUSE)}` : cause;
  return { whole, what: cut < 0 ? '' : whole.slice(0, cut), cause: shown };
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Clocks disagree by this much without anyone caring. */
const CLOCK_SLACK_MS = 2 * SECOND;

/** How long ago, in units of `span`, rounded down; a time well in the future says so. */
export function agoText(ms, span = spanText) {
  if (ms === null || !Number.isFinite(ms)) return NOTHING;
  if (ms < -CLOCK_SLACK_MS) return `${span(-ms)} ahead`;
  if (ms < SECOND) return 'now';
  return `${span(ms)} ago`;
}

/** A length of time in at most two units, rounded down. */
export function spanText(ms) {
  const [large, small, rest] =
    ms < MINUTE ? [`${Math.floor(ms / SECOND)} s`, 0, '']
    : ms < HOUR ? [`${Math.floor(ms / MINUTE)} min`, Math.floor((ms % MINUTE) / SECOND), 's']
    : ms < DAY ? [`${Math.floor(ms / HOUR)} h`, Math.floor((ms % HOUR) / MINUTE), 'min']
    : [`${Math.floor(ms / DAY)} d`, Math.floor((ms % DAY) / HOUR), 'h'];
  return small === 0 ? large : `${large} ${small} ${rest}`;
}

/** A length of time in its largest unit alone, rounded down: for columns that are to be calm. */
export function roughSpanText(ms) {
  return spanText(ms).split(' ', 2).join(' ');
}

/** A moment on the reader's own clock: the time alone today, else with its date. */
export function momentText(date, today = new Date()) {
  const two = (number) => String(number).padStart(2, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (date.toDateString() === today.toDateString()) return time;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}
