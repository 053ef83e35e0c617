// Which rows of a long list are in sight. Pure.

/** Rows drawn beyond what is in sight, so that a scroll finds them there. */
const BEYOND = 8;

/** First and past-the-last row to draw. `top`: where the view begins within the list, in pixels; may be negative. */
export function visible(top: number, height: number, rowHeight: number, count: number): { first: number; end: number } {
  const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND);
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + BEYOND);
  return { first: Math.min(first, count), end: Math.max(end, Math.min(first, count)) };
}
