// Which branches are folded up: all but some, or none but some. Pure.

/** `closed`: how branches are; `except`: those that are the other way. */
export interface Folds {
  readonly closed: boolean;
  readonly except: ReadonlySet<string>;
}

export const ALL_OPEN: Folds = { closed: false, except: new Set() };
export const ALL_CLOSED: Folds = { closed: true, except: new Set() };

export function isClosed(folds: Folds, path: string): boolean {
  return folds.closed !== folds.except.has(path);
}

/** The same with one branch turned over. */
export function fold(folds: Folds, path: string): Folds {
  const except = new Set(folds.except);
  if (!except.delete(path)) except.add(path);
  return { ...folds, except };
}
