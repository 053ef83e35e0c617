// Plain JavaScript: a number on the page that says whether it is live.

import { connect } from 'pointcast';

const client = connect();

/** Shows a point in an element; returns what ends it. */
export function show(element: HTMLElement, id: string): () => void {
  const watch = client.watch(id, (points, removed) => {
    for (const { value, quality, live } of points) {
      element.textContent = String(value);
      element.dataset['quality'] = live ? quality : 'lost';
    }
    if (removed.length > 0) element.textContent = '–';
  });
  return () => watch.close();
}
