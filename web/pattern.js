// Patterns over point ids: the wire contract's rules, so that the page refuses what the gateway would refuse
// and forgets exactly the points that left a selection. Pure: no DOM, no network, no clock.

export const MAX_SEGMENTS = 16;
export const MAX_BYTES = 256;

const encoder = new TextEncoder();

/** Why `segment` is no segment of an id, as a fragment of a sentence; `null` if it is one. */
function segmentFault(segment) {
  if (segment === '') return 'a segment is empty: single slashes join segments, none stands at the ends';
  if (segment === '.' || segment === '..') return `“${segment}” is no segment`;
  if (segment.trim() !== segment) return `“${segment}” has a space at an end`;
  const forbidden = segment.match(/[\p{Cc}*,"\\$]/u);
  if (forbidden) return `“${forbidden[0]}” cannot stand in “${segment}”`;
  return null;
}

/** Why `pattern` is none, as a fragment of a sentence; `null` if it is one. */
export function patternFault(pattern) {
  if (pattern.normalize('NFC') !== pattern) return 'not in Unicode normal form C';
  if (encoder.encode(pattern).length > MAX_BYTES) return `longer than ${MAX_BYTES} bytes`;
  const segments = pattern.split('/');
  if (segments.length > MAX_SEGMENTS) return `more than ${MAX_SEGMENTS} segments`;
  for (const [at, segment] of segments.entries()) {
    if (segment === '*') continue;
    if (segment === '**') {
      if (at === segments.length - 1) continue;
      return '“**” can only be the last segment';
    }
    if (segment.includes('*')) return `“*” stands for a whole segment, “${segment}” mixes it with text`;
    const fault = segmentFault(at === 0 ? segment.replace(/^\$/, '') : segment);
    if (fault) return fault;
  }
  return null;
}

/**
 * A list as people type it, parted by commas, spaces around them ignored.
 * Returns `{ patterns, fault }`: `fault` names the first wrong pattern, and `patterns` is then empty.
 */
export function parsePatterns(text) {
  const patterns = text.normalize('NFC').split(',').map((part) => part.trim()).filter((part) => part !== '');
  for (const pattern of patterns) {
    const fault = patternFault(pattern);
    if (fault) return { patterns: [], fault: `“${pattern}”: ${fault}` };
  }
  return { patterns: [...new Set(patterns)], fault: null };
}

/** Whether `id` is one of the points that the checked `pattern` takes in. */
export function matches(pattern, id) {
  if (id.startsWith('$') && !pattern.startsWith('$')) return false;
  const wanted = pattern.split('/');
  const have = id.split('/');
  for (const [at, segment] of wanted.entries()) {
    if (segment === '**') return have.length > at;
    if (at >= have.length || (segment !== '*' && segment !== have[at])) return false;
  }
  return wanted.length === have.length;
}

/** A test whether an id is in any of the checked `patterns`. */
export function matcher(patterns) {
  const literal = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const wild = patterns.filter((pattern) => pattern.includes('*'));
  return (id) => literal.has(id) || wild.some((pattern) => matches(pattern, id));
}
