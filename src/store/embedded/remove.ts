import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { StoreError } from '../errors.ts';
import { serverRunsOn } from './leftover.ts';
import { tryLock } from './lock.ts';
import { exists, readmeOf, SHARED_FOLDER } from './place.ts';

/** All that a place of an embedded server may hold. */
const OURS = /^(cluster(\.new)?|password(\.new)?|lock(-journal)?|README)$/;

/**
 * Removes the data of an embedded server: what `dataDir` is, or the link that it is together with the folder that was made for it.
 * Anything that is not known to be ours is left alone, with all the rest.
 *
 * @returns what was removed; nothing when there is no data
 * @throws StoreError `data_folder_in_use`, `data_folder_foreign`
 */
export async function removeEmbeddedPostgres(dataDir: string, sharedFolder = SHARED_FOLDER): Promise<string[]> {
  const path = resolve(dataDir);
  if (!(await exists(path))) return [];
  const target = await readlink(path).catch(() => undefined);
  if (target === undefined) return removePlace(path, [path]);
  const home = resolve(dirname(path), target);
  if (!(await exists(home))) {
    await rm(path);
    return [path];
  }
  await assertMadeFor(path, home, sharedFolder);
  return removePlace(home, [path, home]);
}

async function removePlace(home: string, paths: string[]): Promise<string[]> {
  const entries = await readdir(home).catch((cause: NodeJS.ErrnoException) => {
    throw foreign(home, `is no folder that can be read (${cause.code})`);
  });
  const unknown = entries.filter((entry) => !OURS.test(entry));
  if (unknown.length > 0) throw foreign(home, `holds what is no database of ours: ${unknown.slice(0, 5).join(', ')}`);
  const lock = tryLock(join(home, 'lock'));
  try {
    if (!lock || (await serverRunsOn(join(home, 'cluster')))) {
      throw new StoreError(
        'data_folder_in_use',
        `A program is using the database in ${home}. Stop it (the service, or a command), and try again.`,
      );
    }
    for (const path of paths) await rm(path, { recursive: true, force: true });
    return paths;
  } finally {
    lock?.release();
  }
}

/** A link is followed only to the place that was made for it. */
async function assertMadeFor(path: string, home: string, sharedFolder: string): Promise<void> {
  const shared = await realpath(sharedFolder).catch(() => sharedFolder);
  const isShared = dirname(await realpath(home)) === shared && /^[0-9a-f]{8}$/.test(basename(home));
  const readme = await readFile(join(home, 'README'), 'utf8').catch(() => undefined);
  if (isShared && (readme === undefined || readme === readmeOf(path))) return;
  throw foreign(home, `was not made for ${path}, which links to it`);
}

function foreign(home: string, why: string): StoreError {
  return new StoreError(
    'data_folder_foreign',
    `${home} ${why}. Nothing of it was removed. Look what it is, and remove it yourself if it may go.`,
  );
}
