import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Keeps records in a file, one JSON object a line, so that they survive the process: a record is in the hands of the operating system
 * when `append` returns. A line that a crash cut off is dropped when the file is read.
 */
export class Journal {
  readonly #path: string;
  #file: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** The records of the file, oldest first. Throws where a line in the middle is not JSON: that is no crash but a damaged file. */
  read(): unknown[] {
    if (!existsSync(this.#path)) return [];
    const text = readFileSync(this.#path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line, index) => {
        try {
          return JSON.parse(line) as unknown;
        } catch {
          throw new Error(
            `The sandbox state ${this.#path} is damaged at line ${index + 1}. Delete the file to start afresh.`,
          );
        }
      });
  }

  /** Replaces the file by these records in one step, and opens it for `append`. */
  start(records: Iterable<unknown>): void {
    this.close();
    mkdirSync(dirname(this.#path), { recursive: true });
    const next = `${this.#path}.next`;
    const file = openSync(next, 'w');
    let chunk = '';
    for (const record of records) {
      chunk += `${JSON.stringify(record)}\n`;
      if (chunk.length > 1_000_000) {
        writeFileSync(file, chunk);
        chunk = '';
      }
    }
    writeFileSync(file, chunk);
    fsyncSync(file);
    renameSync(next, this.#path);
    this.#file = file;
  }

  /** Adds one record. Does nothing once the journal is closed. */
  append(record: unknown): void {
    if (this.#file !== undefined) writeFileSync(this.#file, `${JSON.stringify(record)}\n`);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
