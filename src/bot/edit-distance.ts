/**
 * How many characters must be inserted, removed, replaced or swapped with their neighbour to make one word of the other.
 * Takes time in proportion to both lengths: cut what comes from people first.
 */
export function editDistance(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (const [row, character] of left.entries()) {
    const current = [row + 1];
    for (const [column, other] of right.entries()) {
      let distance = Math.min(
        at(last, column + 1) + 1,
        at(current, column) + 1,
        at(last, column) + (character === other ? 0 : 1),
      );
      if (column > 0 && row > 0 && character === right[column - 1] && left[row - 1] === other) {
        distance = Math.min(distance, at(beforeLast, column - 1) + 1);
      }
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, right.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
