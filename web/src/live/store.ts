// What pages keep in the browser's own database: each under a number of its own, so that none writes over another's. Where
// a browser denies that (private windows, by policy, a full disk) nothing is kept, and nobody is told.

import type { Store } from './keeper.js';

const DATABASE = 'pointcast';
const TABLE = 'kept';
/** What so many pages kept stays: those that began last. A reload is another page. */
const MOST_PAGES = 8;

/** The browser's own. */
export function browserStore(): Store {
  const database = opened();
  let own = 0;
  return {
    async read() {
      try {
        const table = (await database)?.transaction(TABLE, 'readwrite').objectStore(TABLE);
        if (!table) return [];
        const [names, found] = await Promise.all([answer(table.getAllKeys()), answer(table.getAll())]);
        own = Math.max(0, ...names.filter((name) => typeof name === 'number')) + 1;
        const stays = new Set(names.filter((name, at) => typeof name === 'number' && found[at] !== null).slice(-MOST_PAGES));
        for (const name of names) if (!stays.has(name)) table.delete(name);
        // No other page takes this number. And the first writing of all takes a browser so long that it would be lost with
        // a page that is left.
        table.put(null, own);
        return found;
      } catch {
        return [];
      }
    },
    write(kept) {
      void database.then((open) => {
        if (!open) return;
        const transaction = open.transaction(TABLE, 'readwrite');
        transaction.objectStore(TABLE).put(kept, own);
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
