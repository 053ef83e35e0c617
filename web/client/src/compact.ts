// The stream's compact rows as points. Pure.

import type { Data, Sample } from './state.js';

/** What is no value one can trust a little is bad. */
const UNCERTAIN = /^(stale|out_of_range|substituted)$/;

/** One connection's names: each is declared once. */
export class Rows {
  #names = new Map<number, string>();
  #t0 = 0;

  /** The data of an event, with rows made points; a plain event is as it was. */
  plain(name: string, data: Data): Data {
    if (name === 'connect') this.#t0 = data.t0 ?? 0;
    if (name !== 'points') return data;
    for (const [alias, id] of Object.entries<string>(data.names ?? {})) this.#names.set(Number(alias), id);
    return { ...data, points: data.points.map((row: Data) => (Array.isArray(row) ? this.#point(row) : row)) };
  }

  #point([alias, value, dt, reason]: Data[]): Sample {
    const id = this.#names.get(alias);
    // Whose value it is would be a guess.
    if (id === undefined) throw new RangeError('a row without a name');
    const point = { id, value, time: dt === null ? null : this.#t0 + dt };
    if (reason === undefined) return { ...point, quality: 'good' };
    return { ...point, quality: UNCERTAIN.test(reason) ? 'uncertain' : 'bad', reason };
  }
}
