// A board's name: what stands in its link. The gateway takes small letters, digits and hyphens between them. Pure.

export const MAX_NAME_BYTES = 64;
const OTHERWISE = 'board';

/** Whether the gateway takes it. */
export function isName(text: string): boolean {
  return text.length <= MAX_NAME_BYTES && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text);
}

/** A name like the title that none of the others has. */
export function nameFor(title: string, taken: ReadonlySet<string>): string {
  const plain = title.normalize('NFKD').toLowerCase().replace(/\p{Mark}/gu, '');
  const wanted = trimmed(plain.replace(/[^a-z0-9]+/g, '-'), MAX_NAME_BYTES) || OTHERWISE;
  for (let count = 1; ; count += 1) {
    const suffix = count === 1 ? '' : `-${count}`;
    const name = trimmed(wanted, MAX_NAME_BYTES - suffix.length) + suffix;
    if (!taken.has(name)) return name;
  }
}

function trimmed(text: string, most: number): string {
  return text.replace(/^-+/, '').slice(0, most).replace(/-+$/, '');
}
