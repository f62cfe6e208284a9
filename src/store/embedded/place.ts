import { randomBytes } from 'node:crypto';
import { chmod, lchown, lstat, mkdir, readdir, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { StoreError } from '../errors.ts';
import { canEnter, type Identity, runsAsRoot, SERVER_USER, serverUser, userOf } from './server-user.ts';

/** Where data and programs go that lie in folders which only root may enter. */
export const SHARED_FOLDER = '/var/lib/sms-steward';

/**
 * Where the data of one server is. `home` belongs to whoever runs the program and holds the lock and the password;
 * only `cluster`, PostgreSQL's own data folder, belongs to the user that the server runs as.
 */
export interface Place {
  readonly home: string;
  readonly cluster: string;
  readonly identity: Identity;
}

/**
 * The place that `dataDir` stands for, made when it is not there yet.
 *
 * As root the server runs as another user, who must be able to enter the place. When the folder of `dataDir` is closed to
 * that user, the place is made below `sharedFolder` and `dataDir` becomes a symbolic link to it.
 *
 * @throws StoreError `data_folder_unreachable`, `data_folder_missing`, `data_folder_denied`, `no_unprivileged_user`
 */
export async function findPlace(dataDir: string, sharedFolder: string): Promise<Place> {
  const path = resolve(dataDir);
  await mkdir(dirname(path), { recursive: true });
  if (!runsAsRoot()) {
    // `mkdir` on a link to nothing says that it exists; `follow` then says what is wrong with it.
    await makeFolder(path, 0o700).catch(throwUnlessThere);
    const home = await follow(path);
    if ((await stat(home)).uid !== process.geteuid?.()) {
      throw new StoreError(
        'data_folder_denied',
        `The database folder ${home} belongs to another user. Start as the user who started it first, or as root, ` +
          'or choose another DATA_DIR.',
      );
    }
    return { home, cluster: join(home, 'cluster'), identity: {} };
  }

  const user = await serverUser();
  if (!(await exists(path))) await makeHome(path, user, sharedFolder);
  const home = await follow(path);
  const cluster = join(home, 'cluster');
  const identity = (await ownerOf(cluster)) ?? user;
  if (!(await canEnter(home, identity))) {
    const target = join(sharedFolder, randomBytes(4).toString('hex'));
    throw new StoreError(
      'data_folder_unreachable',
      `The database in ${home} lies in a folder that the user ${SERVER_USER}, who runs the server, may not enter. ` +
        `Move it: mkdir -p ${sharedFolder} && mv ${home} ${target} && ln -sfn ${target} ${path}`,
    );
  }
  return { home, cluster, identity };
}

/** Gives what is at `path`, with all that is in it, to `identity`: `chown -R root` on a checkout, say, took it away. */
export async function giveTo(identity: Identity, path: string): Promise<void> {
  const { uid, gid } = identity;
  if (uid === undefined || gid === undefined) return;
  const found = await lstat(path);
  if (found.uid === uid) return;
  const entries = found.isDirectory() ? await readdir(path, { recursive: true }) : [];
  // The folder itself comes last: once it is given away, everything below it has been.
  for (const entry of entries) await lchown(join(path, entry), uid, gid);
  await lchown(path, uid, gid);
}

async function makeHome(path: string, user: Identity, sharedFolder: string): Promise<void> {
  if (await canEnter(dirname(path), user)) {
    await makeFolder(path, 0o711);
    return;
  }
  const home = join(sharedFolder, randomBytes(4).toString('hex'));
  await makeFolder(sharedFolder, 0o755);
  await makeFolder(home, 0o711);
  await writeFile(join(home, 'README'), readmeOf(path));
  try {
    await symlink(home, path);
  } catch (error) {
    await rm(home, { recursive: true });
    throwUnlessThere(error);
  }
}

/** What says in a place below the shared folder whose it is. */
export function readmeOf(path: string): string {
  return `The PostgreSQL data that ${path} links to.\n`;
}

/** Makes the folder at `path` if it is not there, with exactly `mode`, whatever the umask is. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  if ((await mkdir(path, { recursive: true })) !== undefined) await chmod(path, mode);
}

/** Whether there is anything at `path`, be it a link to nothing. */
export async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

async function follow(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    throw new StoreError(
      'data_folder_missing',
      `${path} links to a database folder that is not there. Restore it, or remove the link to start with an empty one.`,
      { cause: error },
    );
  }
}

/** The user who owns an existing cluster, unless that is root: a service that used to run as an ordinary user, say. */
async function ownerOf(cluster: string): Promise<Identity | undefined> {
  const found = await stat(cluster).catch(() => undefined);
  return found && found.uid !== 0 ? await userOf(found.uid) : undefined;
}

/** Two programs may make the same place at once: the second one uses what the first one made. */
function throwUnlessThere(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}
