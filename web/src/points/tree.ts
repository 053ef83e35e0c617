// Points as a tree by the segments of their names, and how good is what stands below each branch.
//
// What holds: a branch has at least two children; a chain of single ones is one row, named by its whole path. What the
// branches count costs a change of one point its depth, never its siblings. Pure but for the counts it keeps.

import type { Look } from '../shell/quality.js';

/** How many points look how. */
export type Tally = Record<Look, number>;

/** A row of points that share the beginning of their names. */
export interface Branch {
  readonly kind: 'branch';
  /** Unlike any point's. */
  readonly key: string;
  readonly path: string;
  /** What of the path its parent does not say. */
  readonly name: string;
  readonly level: number;
  readonly parent: Branch | null;
  readonly children: Node[];
  readonly tally: Tally;
}

/** A point. */
export interface Leaf {
  readonly kind: 'leaf';
  readonly key: string;
  readonly name: string;
  readonly level: number;
  readonly parent: Branch | null;
  look: Look;
}

export type Node = Branch | Leaf;

const WORST: readonly Look[] = ['bad', 'uncertain', 'lost', 'none', 'good'];

/** The worst there is; good where there is nothing. */
export function worst(tally: Readonly<Tally>): Look {
  return WORST.find((look) => tally[look] > 0) ?? 'good';
}

/** How many there are. */
export function count(tally: Readonly<Tally>): number {
  return tally.good + tally.uncertain + tally.bad + tally.lost + tally.none;
}

export function noTally(): Tally {
  return { good: 0, uncertain: 0, bad: 0, lost: 0, none: 0 };
}

/** What a name's segments are sorted into before branches are made of them. */
interface Stem {
  point: string | null;
  readonly below: Map<string, Stem>;
}

/** The tree of all points that pass, in the order in which they were given. */
export class Tree {
  readonly tally = noTally();
  readonly children: Node[] = [];
  readonly #leaves = new Map<string, Leaf>();

  constructor(ids: readonly string[], lookOf: (id: string) => Look) {
    const root: Stem = { point: null, below: new Map() };
    for (const id of ids) {
      let stem = root;
      for (const segment of id.split('/')) {
        let next = stem.below.get(segment);
        if (!next) stem.below.set(segment, (next = { point: null, below: new Map() }));
        stem = next;
      }
      stem.point = id;
    }
    for (const [segment, stem] of root.below) this.#grow(segment, segment, stem, null, lookOf);
  }

  /** A point looks otherwise. Whether that is news. */
  see(id: string, look: Look): boolean {
    const leaf = this.#leaves.get(id);
    if (!leaf || leaf.look === look) return false;
    this.#count(leaf, leaf.look, -1);
    leaf.look = look;
    this.#count(leaf, look, 1);
    return true;
  }

  get size(): number {
    return this.#leaves.size;
  }

  #grow(name: string, path: string, stem: Stem, parent: Branch | null, lookOf: (id: string) => Look): void {
    if (stem.point !== null) this.#leaf(name, stem.point, parent, lookOf);
    if (stem.below.size === 0) return;
    const [only] = stem.below;
    if (only && stem.below.size === 1 && stem.point === null) {
      return this.#grow(`${name}/${only[0]}`, `${path}/${only[0]}`, only[1], parent, lookOf);
    }
    const level = (parent?.level ?? 0) + 1;
    const branch: Branch = { kind: 'branch', key: `${path}/`, path, name, level, parent, children: [], tally: noTally() };
    (parent ?? this).children.push(branch);
    for (const [segment, next] of stem.below) this.#grow(segment, `${path}/${segment}`, next, branch, lookOf);
  }

  #leaf(name: string, id: string, parent: Branch | null, lookOf: (id: string) => Look): void {
    const leaf: Leaf = { kind: 'leaf', key: id, name, level: (parent?.level ?? 0) + 1, parent, look: lookOf(id) };
    (parent ?? this).children.push(leaf);
    this.#leaves.set(id, leaf);
    this.#count(leaf, leaf.look, 1);
  }

  #count(leaf: Leaf, look: Look, by: number): void {
    this.tally[look] += by;
    for (let branch = leaf.parent; branch; branch = branch.parent) branch.tally[look] += by;
  }
}

/** Rows from top to bottom, and where each is. */
export interface Listing {
  readonly rows: readonly Node[];
  readonly places: ReadonlyMap<string, number>;
}

/** The tree as rows, without what is below branches that are folded up. */
export function listing(tree: Tree, isClosed: (path: string) => boolean): Listing {
  const rows: Node[] = [];
  const places = new Map<string, number>();
  const add = (node: Node) => {
    places.set(node.key, rows.length);
    rows.push(node);
    if (node.kind === 'branch' && !isClosed(node.path)) node.children.forEach(add);
  };
  tree.children.forEach(add);
  return { rows, places };
}
