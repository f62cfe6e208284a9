import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { OffsetClock } from '../../src/clock.ts';
import { writeSandboxClock } from '../../src/sandbox-clock.ts';
import { scratchFolder, sharedScratchFolder } from '../support/scratch-folder.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cli, cliProcess, codeOf, jsonOf, type Ran } from './cli.ts';

const SAMPLE = fileURLToPath(new URL('../../catalogue/sample.yaml', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../support/embedded-postgres-program.ts', import.meta.url));
const empty = await createTestDatabase({ empty: true });

const here = await sharedScratchFolder();
const dataDir = join(here, 'data');
/** A process of its own each time, and so a server of its own where none runs. */
const run = (...args: string[]): Promise<Ran> => cliProcess(args, { env: { DATA_DIR: 'data' }, folder: here });
const json = async (...args: string[]) => jsonOf(await run(...args, '--json'));

describe('given no database server, and an account that commands made nevertheless', () => {
  beforeAll(async () => {
    await json('tariff', 'import', SAMPLE);
    await json('account', 'create', 'Kept');
  });

  test('when nothing runs, then a server is started for the duration, and what was done is there', async () => {
    const { code, out, error } = await run('account', 'list');
    expect([code, error]).toEqual([0, '']);
    expect(out).toMatch(/^[0-9a-f-]{36} {2}Kept +¥\d\.00 +0 {2}allowed$/m);
  });

  test('when several commands come at once, then each is carried out', async () => {
    const all = await Promise.all([1, 2, 3].map((amount) => json('recharge', 'Kept', String(amount))));
    expect(all).toMatchObject([{ booked: true }, { booked: true }, { booked: true }]);
    expect(await json('account', 'show')).toMatchObject({ balance: '6.00' });
  });

  test('when a service runs on the same data, then its server is used, and left running', async () => {
    const service = spawn(process.execPath, [PROGRAM, join(dataDir, 'postgres')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(async () => {
      service.kill('SIGTERM');
      if (service.exitCode === null) await once(service, 'exit');
    });
    const [line] = await once(createInterface(service.stdout), 'line');
    expect(JSON.parse(line)).toHaveProperty('url');

    expect(await json('account', 'show', 'Kept')).toMatchObject({ name: 'Kept' });
    expect(service.exitCode).toBeNull();
  });

  test('when the sandbox has moved its clock, then the commands live in the time of the sandbox', async () => {
    writeSandboxClock(dataDir, new OffsetClock('PT8760H'));
    const { asOf } = await json('account', 'show');
    const ahead = Temporal.Now.instant()
      .until(Temporal.Instant.from(String(asOf)))
      .total('hours');
    expect(ahead).toBeGreaterThan(8_759);
  });
});

describe('given DATABASE_URL', () => {
  test('when migrations are missing there, then only "migrate" works, and says what it applied', async () => {
    const folder = await scratchFolder();
    const run = (...args: string[]) => cli(args, { env: { DATABASE_URL: empty.url }, folder });
    const refused = await run('account', 'list');
    expect([refused.code, codeOf(refused)]).toEqual([1, 'migrations_pending']);
    expect((await run('migrate')).out).toMatch(/^Applied 0001-.+\.\n(Applied \d{4}-.+\.\n)+$/);
    expect((await run('migrate')).out).toBe('The database is up to date.\n');
    expect(jsonOf(await run('migrate', '--json'))).toEqual({ applied: [] });
    expect((await run('account', 'list')).code).toBe(0);
  });

  test('when nothing listens there, then that is said, and the password is not', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, '.env'), 'DATABASE_URL=postgres://me:hidden@127.0.0.1:1/sms\n');
    const refused = await cli(['account', 'list'], { env: {}, folder });
    expect([refused.code, codeOf(refused)]).toEqual([1, 'database_unreachable']);
    expect(refused.error).not.toContain('hidden');
  });

  test('when a setting is wrong, then it is named', async () => {
    const folder = await scratchFolder();
    const refused = await cli(['account', 'list'], { env: { DATABASE_URL: 'mysql://x' }, folder });
    expect([refused.code, codeOf(refused)]).toEqual([1, 'config_invalid']);
    expect(refused.error).toContain('DATABASE_URL');
  });
});
