// React: `const point = usePoint(client, 'boiler/pressure')`.

import { type Client, type Point } from 'pointcast';
import { useEffect, useState } from 'react';

/** The newest of a point; undefined until it is known, and when it is no more. */
export function usePoint(client: Client, id: string): Point | undefined {
  const [point, setPoint] = useState<Point>();
  useEffect(() => {
    const watch = client.watch(id, ([first]) => setPoint(first));
    return () => {
      watch.close();
      setPoint(undefined);
    };
  }, [client, id]);
  return point?.id === id ? point : undefined;
}
