// Vue: `const point = usePoint(client, 'boiler/pressure')`, in a template `{{ point?.value }}`.

import { type Client, type Point } from 'pointcast';
import { type ShallowRef, onScopeDispose, shallowRef } from 'vue';

/** The newest of a point; undefined until it is known, and when it is no more. */
export function usePoint(client: Client, id: string): Readonly<ShallowRef<Point | undefined>> {
  const point = shallowRef<Point>();
  const watch = client.watch(id, ([first]) => void (point.value = first));
  onScopeDispose(() => watch.close());
  return point;
}
