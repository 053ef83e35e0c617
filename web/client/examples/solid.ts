// Solid: `const point = usePoint(client, () => props.id)`, in JSX `{point()?.value}`.

import { type Client, type Point } from 'pointcast';
import { type Accessor, createEffect, createSignal, onCleanup } from 'solid-js';

/** The newest of a point; undefined until it is known, and when it is no more. */
export function usePoint(client: Client, id: Accessor<string>): Accessor<Point | undefined> {
  const [point, setPoint] = createSignal<Point>();
  createEffect(() => {
    setPoint(undefined);
    const watch = client.watch(id(), ([first]) => setPoint(first));
    onCleanup(() => watch.close());
  });
  return point;
}
