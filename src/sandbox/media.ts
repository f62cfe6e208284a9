import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ID = /^@lALPD[\w-]{24}$/;
const IDS_IN_TEXT = /@lALPD[\w-]{24}/g;

/** The pictures that DingTalk takes, by what their files begin with. */
const PICTURES: readonly (readonly [string, readonly number[]])[] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
  ['image/bmp', [0x42, 0x4d]],
];

/** Files that were uploaded, by their media id. */
export class Media {
  readonly #folder: string | undefined;
  readonly #files = new Map<string, Buffer>();

  /** @param folder keeps the files over a restart; without it they are in memory only */
  constructor(folder?: string) {
    this.#folder = folder;
  }

  /** Keeps a file and returns its media id. */
  add(file: Buffer): string {
    const id = `@lALPD${randomBytes(18).toString('base64url')}`;
    this.#files.set(id, file);
    if (this.#folder !== undefined) {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(join(this.#folder, id), file);
    }
    return id;
  }

  get(id: string): Buffer | undefined {
    const known = this.#files.get(id);
    if (known !== undefined || this.#folder === undefined || !ID.test(id)) return known;
    const path = join(this.#folder, id);
    if (!existsSync(path)) return undefined;
    const file = readFileSync(path);
    this.#files.set(id, file);
    return file;
  }

  /** The text with the address of its file in place of each media id. */
  withAddresses(text: string): string {
    if (!text.includes('@lALPD')) return text;
    return text.replace(IDS_IN_TEXT, (id) => (this.get(id) === undefined ? id : mediaPath(id)));
  }
}

/** Where the sandbox serves the file. */
export function mediaPath(id: string): string {
  return `/media/${id}`;
}

/** The type of a picture, by its content; undefined where it is none. */
export function pictureType(file: Buffer): string | undefined {
  return PICTURES.find(([, start]) => start.every((byte, index) => file[index] === byte))?.[0];
}

/** By this code a bot asks for the file that a person sent. */
export function downloadCodeOf(id: string): string {
  return Buffer.from(id).toString('base64url');
}

export function mediaOfDownloadCode(code: string): string {
  return Buffer.from(code, 'base64url').toString();
}
