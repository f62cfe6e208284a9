import { readFileSync } from 'node:fs';

/**
 * The characters that a TrueType font has a glyph for, read from its table `cmap` (formats 4 and 12), so that the renderer is not asked
 * about itself.
 */
export function coverageOf(file: string): ReadonlySet<number> {
  const bytes = readFileSync(file);
  const tables = new Map<string, number>();
  for (let index = 0; index < bytes.readUInt16BE(4); index++) {
    const entry = 12 + index * 16;
    tables.set(bytes.toString('latin1', entry, entry + 4), bytes.readUInt32BE(entry + 8));
  }
  const cmap = tables.get('cmap');
  if (cmap === undefined) throw new Error(`${file} has no cmap`);
  const covered = new Set<number>();
  for (let index = 0; index < bytes.readUInt16BE(cmap + 2); index++) {
    const table = cmap + bytes.readUInt32BE(cmap + 4 + index * 8 + 4);
    const format = bytes.readUInt16BE(table);
    if (format === 4) addFormat4(bytes, table, covered);
    if (format === 12) addFormat12(bytes, table, covered);
  }
  return covered;
}

function addFormat4(bytes: Buffer, table: number, covered: Set<number>): void {
  const size = bytes.readUInt16BE(table + 6);
  const ends = table + 14;
  const starts = ends + size + 2;
  const deltas = starts + size;
  const offsets = deltas + size;
  for (let at = 0; at < size; at += 2) {
    const offset = bytes.readUInt16BE(offsets + at);
    const start = bytes.readUInt16BE(starts + at);
    for (let code = start; code <= bytes.readUInt16BE(ends + at) && code < 0xffff; code++) {
      const glyph =
        offset === 0
          ? (code + bytes.readUInt16BE(deltas + at)) & 0xffff
          : bytes.readUInt16BE(offsets + at + offset + (code - start) * 2);
      if (glyph !== 0) covered.add(code);
    }
  }
}

function addFormat12(bytes: Buffer, table: number, covered: Set<number>): void {
  for (let group = 0; group < bytes.readUInt32BE(table + 12); group++) {
    const at = table + 16 + group * 12;
    for (let code = bytes.readUInt32BE(at); code <= bytes.readUInt32BE(at + 4); code++) covered.add(code);
  }
}
