import { mkdir, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SANDBOX_FILES } from '../../src/sandbox-data.ts';
import { tryLock } from '../../src/store/embedded/lock.ts';
import { removeEmbeddedPostgres } from '../../src/store/embedded/remove.ts';
import { runToEnd, startProgram } from '../support/program.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const MARK = JSON.stringify({ id: 'first-start', file: '/worlds/first-start.json', digest: 'x' });

/** A data folder as a sandbox leaves it. */
async function sandboxFolder(): Promise<{ folder: string; data: string }> {
  const folder = await scratchFolder();
  const data = join(folder, 'data');
  await mkdir(join(data, 'postgres', 'cluster'), { recursive: true });
  await writeFile(join(data, 'postgres', 'lock'), '');
  await writeFile(join(data, SANDBOX_FILES.world), MARK);
  await writeFile(join(data, SANDBOX_FILES.state), '');
  await mkdir(join(data, `${SANDBOX_FILES.state}.media`));
  await writeFile(join(data, `${SANDBOX_FILES.state}.media`, '@lALPDpicture'), '');
  return { folder, data };
}

const reset = (folder: string, env: Record<string, string> = {}) =>
  runToEnd('sandbox-reset.ts', { env: { DATA_DIR: 'data', ...env }, folder });

test('given a sandbox that ran, when it is reset while it runs, then it is refused; afterwards all of it is gone', async () => {
  const folder = await scratchFolder();
  const program = await startProgram({ env: { DATA_DIR: 'data' }, folder });
  const home = await realpath(join(folder, 'data', 'postgres'));
  const refused = await reset(folder);
  expect([refused.code, refused.error]).toEqual([1, expect.stringMatching(/runs on .*Stop it, and try again/)]);
  expect(await readdir(join(folder, 'data'))).toContain(SANDBOX_FILES.world);
  await program.stop();

  const done = await reset(folder);
  expect([done.code, done.error]).toEqual([0, '']);
  expect(done.out).toContain(join(folder, 'data', 'postgres'));
  expect(await readdir(folder)).toEqual([]);
  await expect(readdir(home)).rejects.toMatchObject({ code: 'ENOENT' });
});

describe('given a folder that may not be the sandbox’s', () => {
  test('when it bears no mark, then nothing is removed', async () => {
    const { folder, data } = await sandboxFolder();
    await rm(join(data, SANDBOX_FILES.world));
    const before = await readdir(data);
    const { code, error } = await reset(folder);
    expect([code, error]).toEqual([1, expect.stringMatching(/no sandbox in .*DATA_DIR/s)]);
    expect(await readdir(data)).toEqual(before);
  });

  test('when others have put files there, then these stay and are named', async () => {
    const { folder, data } = await sandboxFolder();
    await writeFile(join(data, 'thesis.txt'), 'mine');
    const { code, out } = await reset(folder);
    expect([code, out]).toEqual([0, expect.stringContaining('left there: thesis.txt')]);
    expect(await readdir(data)).toEqual(['thesis.txt']);
  });

  test('when the database folder holds something else, then nothing is removed', async () => {
    const { folder, data } = await sandboxFolder();
    await writeFile(join(data, 'postgres', 'thesis.txt'), 'mine');
    const { code, error } = await reset(folder);
    expect([code, error]).toEqual([1, expect.stringContaining('thesis.txt')]);
    expect(await readdir(data)).toContain(SANDBOX_FILES.world);
    expect(await readdir(join(data, 'postgres'))).toContain('cluster');
  });

  test('when the database is one of its operator’s own, then it is refused', async () => {
    const { folder, data } = await sandboxFolder();
    const { code, error } = await reset(folder, { DATABASE_URL: 'postgres://me@127.0.0.1:1/mine' });
    expect([code, error]).toEqual([1, expect.stringContaining('DATABASE_URL is set')]);
    expect(await readdir(data)).toContain(SANDBOX_FILES.world);
  });
});

describe('given a database behind a link', () => {
  async function linked(readme: (link: string) => string) {
    const folder = await scratchFolder();
    const shared = join(folder, 'shared');
    const home = join(shared, '0123abcd');
    const link = join(folder, 'postgres');
    await mkdir(join(home, 'cluster'), { recursive: true });
    await writeFile(join(home, 'README'), readme(link));
    await symlink(home, link);
    return { folder, shared, home, link };
  }

  test('when it was made for the link, then both are removed', async () => {
    const { folder, shared, home, link } = await linked((path) => `The PostgreSQL data that ${path} links to.\n`);
    expect(await removeEmbeddedPostgres(link, shared)).toEqual([link, home]);
    expect(await readdir(folder)).toEqual(['shared']);
    expect(await readdir(shared)).toEqual([]);
  });

  test('when it was made for another, then neither is removed', async () => {
    const { shared, home, link } = await linked(() => 'The PostgreSQL data that /other links to.\n');
    await expect(removeEmbeddedPostgres(link, shared)).rejects.toMatchObject({ code: 'data_folder_foreign' });
    expect(await readFile(join(home, 'README'), 'utf8')).toContain('/other');
    expect(await realpath(link)).toBe(home);
  });

  test('when it lies elsewhere, then neither is removed', async () => {
    const { folder, home, link } = await linked((path) => `The PostgreSQL data that ${path} links to.\n`);
    await expect(removeEmbeddedPostgres(link, join(folder, 'elsewhere'))).rejects.toMatchObject({
      code: 'data_folder_foreign',
    });
    expect(await realpath(link)).toBe(home);
  });

  test('when a program uses it, then neither is removed', async () => {
    const { shared, home, link } = await linked((path) => `The PostgreSQL data that ${path} links to.\n`);
    const lock = tryLock(join(home, 'lock'));
    onTestFinished(() => lock?.release());
    await expect(removeEmbeddedPostgres(link, shared)).rejects.toMatchObject({ code: 'data_folder_in_use' });
    expect(await realpath(link)).toBe(home);
  });
});
