/**
 * 16 bits for an id, of which it marks 6: of ids that are not in a filter, one in a thousand seems to be. What is stored was made with these
 * and with `hashOf`, so a change of them needs new filters.
 */
const BITS_PER_ID = 16;
const MARKS = 6;
const RANGE = 2 ** 32;

/** An id as two numbers of 32 bits, made once and asked of many filters. */
export interface IdHash {
  readonly first: number;
  readonly second: number;
}

/**
 * Says of an id that it is certainly not among those that the filter was made of, or that it may be (a Bloom filter). It takes two bytes
 * for each.
 */
export class IdFilter {
  readonly bits: Uint8Array;

  /** Reads what `bits` of another one was. */
  constructor(bits: Uint8Array) {
    this.bits = bits;
  }

  static of(hashes: readonly IdHash[]): IdFilter {
    const bits = new Uint8Array(Math.ceil((hashes.length * BITS_PER_ID) / 8));
    for (const hash of hashes) {
      for (let mark = 0; mark < MARKS; mark += 1) {
        const position = positionOf(hash, mark, bits.length * 8);
        bits[position >>> 3] = (bits[position >>> 3] ?? 0) | (1 << (position & 7));
      }
    }
    return new IdFilter(bits);
  }

  mayHold(hash: IdHash): boolean {
    const size = this.bits.length * 8;
    for (let mark = 0; mark < MARKS; mark += 1) {
      const position = positionOf(hash, mark, size);
      if (((this.bits[position >>> 3] ?? 0) & (1 << (position & 7))) === 0) return false;
    }
    return true;
  }
}

/** Where in so many bits an id has one of its marks: two independent numbers give as many positions as are wanted. */
function positionOf({ first, second }: IdHash, mark: number, size: number): number {
  return Math.floor((((first + Math.imul(mark, second)) >>> 0) / RANGE) * size);
}

/** FNV-1a from two beginnings, each stirred as MurmurHash3 ends, so that ids that differ in a digit have nothing in common. */
export function hashOf(id: string): IdHash {
  let first = 0x811c9dc5;
  let second = 0x5bd1e995;
  for (let index = 0; index < id.length; index += 1) {
    const code = id.charCodeAt(index);
    first = Math.imul(first ^ code, 0x01000193);
    second = Math.imul(second ^ code, 0x01000193);
  }
  // An odd number leads to other positions with each step.
  return { first: stirred(first), second: stirred(second) | 1 };
}

function stirred(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
