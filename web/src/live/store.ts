// One thing in the browser's own database. Where a browser denies that (private windows, by policy, a full disk) nothing is
// kept, and nobody is told.

import type { Store } from './keeper.js';

const DATABASE = 'pointcast';
const TABLE = 'kept';
const KEY = 'trend';

/** The browser's own. */
export function browserStore(): Store {
  const database = opened();
  return {
    read: () => database.then((open) => open && answer(open.transaction(TABLE).objectStore(TABLE).get(KEY))).catch(() => null),
    write(kept) {
      void database.then((open) => {
        if (!open) return;
        const transaction = open.transaction(TABLE, 'readwrite');
        transaction.objectStore(TABLE).put(kept, KEY);
        // A page that is being left has no time to wait.
        transaction.commit();
      }).catch(() => {});
    },
  };
}

async function opened(): Promise<IDBDatabase | null> {
  try {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    return await answer(request);
  } catch {
    return null;
  }
}

function answer<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the browser keeps nothing'));
  });
}
