import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { StoreError } from '../errors.ts';

const run = promisify(execFile);

/** The system user that runs PostgreSQL when the program itself runs as root. */
export const SERVER_USER = 'sms-steward';

/** Whom to start a child process as. Empty: as whoever runs this program. */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

/** True when this program runs as root, which PostgreSQL refuses to run as. */
export function runsAsRoot(): boolean {
  return process.geteuid?.() === 0;
}

/**
 * The unprivileged user that a server started by root runs as; created when the machine has none.
 *
 * @throws StoreError `no_unprivileged_user` when there is none and none can be created
 */
export async function serverUser(): Promise<Required<Identity>> {
  const existing = await lookUp(SERVER_USER);
  if (existing) return existing;

  let reason: unknown;
  try {
    const options = ['--system', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin'];
    // A root shell that was opened by `su` may have no /usr/sbin in its path.
    const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
    const create = (...group: string[]) => run('useradd', [...options, ...group, SERVER_USER], { env });
    // Whoever removed the user may have left their group, which `useradd` then refuses to make again.
    await create('--user-group').catch(() => create('--gid', SERVER_USER));
  } catch (error) {
    // Another program may have created the user at this same moment, so its being there is what counts.
    reason = error;
  }
  const created = await lookUp(SERVER_USER);
  if (created) return created;
  throw new StoreError(
    'no_unprivileged_user',
    `PostgreSQL does not run as root, and the system user ${SERVER_USER} that would run it could not be created. ` +
      `Create it (useradd --system ${SERVER_USER}), or start this program as an ordinary user, ` +
      'or set DATABASE_URL to a PostgreSQL server of your own.',
    { cause: reason },
  );
}

/** The user whom `uid` names, unless it names none: `initdb` and `postgres` refuse a user that the system does not know. */
export async function userOf(uid: number): Promise<Required<Identity> | undefined> {
  return await lookUp(String(uid));
}

/** Whether `identity` may enter the folder at `path`; asks the system, since modes alone do not say (ACLs, mounts). */
export async function canEnter(path: string, identity: Identity): Promise<boolean> {
  try {
    await run('/bin/sh', ['-c', 'cd -- "$1"', 'sh', path], { ...identity, cwd: '/' });
    return true;
  } catch {
    return false;
  }
}

async function lookUp(name: string): Promise<Required<Identity> | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}
