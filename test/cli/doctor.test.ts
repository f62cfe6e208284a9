import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { BillingWorld } from '../support/billing-world.ts';
import { APP, GROUP, startTestSandbox } from '../support/sandbox-world.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cli, type Ran } from './cli.ts';

const { url: databaseUrl } = await createTestDatabase();
const empty = await createTestDatabase({ empty: true });

interface Found {
  readonly name: string;
  readonly state: string;
  readonly found: string;
  readonly next?: string;
  readonly foundZh?: string;
  readonly nextZh?: string;
  readonly warnings?: string[];
}

async function doctor(env: Record<string, string>, ...args: string[]): Promise<Ran & { states: string; of: Found[] }> {
  const ran = await cli(['doctor', ...args, '--json'], { env, folder: await scratchFolder() });
  const { ok, checks } = JSON.parse(ran.out) as { ok: boolean; checks: Found[] };
  expect(ran.code).toBe(ok ? 0 : 1);
  for (const { name, state, next, nextZh, foundZh } of checks) {
    if (state !== 'failed') continue;
    expect([name, next]).toEqual([name, expect.stringMatching(/\w{3}/)]);
    // What a server says in its own words stays as it is.
    expect([name, nextZh, foundZh]).toEqual([name, expect.stringMatching(/\p{Script=Han}/u), expect.any(String)]);
  }
  for (const secret of [APP.clientSecret, 'hidden']) expect(ran.out + ran.error).not.toContain(secret);
  return { ...ran, of: checks, states: checks.map(({ name, state }) => `${name} ${state}`).join(', ') };
}

function check(ran: { of: Found[] }, name: string): Found {
  const found = ran.of.find((one) => one.name === name);
  if (!found) throw new Error(`no check ${name}`);
  return found;
}

/** The settings of an app that the emulator knows, on a database that is as it should be, without a service. */
function settings(sandbox: Sandbox, changed: Record<string, string> = {}): Record<string, string> {
  return {
    DINGTALK_CLIENT_ID: APP.clientId,
    DINGTALK_CLIENT_SECRET: APP.clientSecret,
    DINGTALK_API_BASE: sandbox.url,
    DINGTALK_OAPI_BASE: sandbox.url,
    DATABASE_URL: databaseUrl,
    PORT: '0',
    ...changed,
  };
}

async function emulator(): Promise<Sandbox> {
  const sandbox = await startTestSandbox();
  onTestFinished(() => sandbox.stop());
  return sandbox;
}

/** A service's health page with this answer. */
async function healthPage(status: number, body: unknown, { isClosed = false } = {}): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  if (isClosed) server.close();
  else onTestFinished(() => void server.close());
  return String(port);
}

describe('given an app, a database and a service that are as they should be', () => {
  test('when a group and a person are named and the button is pressed, then all is well', async () => {
    const sandbox = await emulator();
    const PORT = await healthPage(200, { ready: true, checks: {} });
    const running = doctor(settings(sandbox, { PORT }), '--group', GROUP, '--user', 'lina');
    const card = await sandbox.waitForMessage(GROUP, ({ kind }) => kind === 'card');
    await sandbox.click(card.outTrackId ?? '', 'zhangwei', card.buttons?.[0]?.id ?? '');
    const ran = await running;
    expect(ran.of.map(({ state }) => state)).toEqual(Array(8).fill('ok'));
    expect(check(ran, 'button').found).toContain('zhangwei');
    expect(check(ran, 'database').found).toMatch(/^PostgreSQL \d+/);
    expect(check(ran, 'stream').warnings?.[0]).toContain('takes its share');
    expect(ran.error).toContain('Press the button');
    const [changed] = sandbox.messages(GROUP).filter(({ kind }) => kind === 'card');
    expect(changed?.text).toContain('已收到');
    expect(sandbox.messages('direct:lina')).toHaveLength(1);
  });

  test('when nobody is named, then nothing is said to anyone', async () => {
    const sandbox = await emulator();
    const ran = await doctor(settings(sandbox));
    expect(ran.states).toBe(
      'configuration ok, database ok, migrations ok, credentials ok, stream ok, message skipped, button skipped, service skipped',
    );
    expect(check(ran, 'message').next).toContain('--group');
    expect(sandbox.messages(GROUP)).toEqual([]);
  });

  test('when the button is not pressed in time, then it says so, and what may have taken the click', async () => {
    const sandbox = await emulator();
    const ran = await doctor(settings(sandbox), '--group', GROUP, '--wait', '1');
    expect(check(ran, 'button')).toMatchObject({ state: 'failed', found: 'no click came within 1 s' });
    expect(check(ran, 'button').next).toContain('another connection');
  });

  test('when it is read by a person, then there is a line for each check, and what to do below it', async () => {
    const sandbox = await emulator();
    const { code, out } = await cli(['doctor'], { env: settings(sandbox), folder: await scratchFolder() });
    expect(code).toBe(0);
    expect(out).toMatch(/^ok {7}credentials {4}\S+ gave the app dingtestapp a token$/m);
    expect(out).toMatch(/^skipped {2}message {8}nobody is named\n {24}-> Name a group/m);
    expect(out).toMatch(/\nNothing is wrong\.\n$/);
  });
});

describe('given time zones of accounts', () => {
  test('when the database reads one otherwise, then that is noted, with a day; when it does not know one, that too', async () => {
    const { db, url } = await createTestDatabase();
    const world = await BillingWorld.on(db);
    await world.openAccount();
    const warnings = async () => check(await doctor({ DATABASE_URL: url, PORT: '0' }), 'database').warnings;
    expect(await warnings()).toBeUndefined();
    // To PostgreSQL it is an abbreviation, an hour from UTC all year; as a place it has summer time.
    const { id } = await world.openAccount({ timeZone: 'CET' });
    expect(await warnings()).toEqual([
      expect.stringMatching(/^Of CET it says \+01:00 on 20\d\d-\d\d-\d\d, and this program \+02:00\. Update/),
    ]);
    const account = db.kysely.updateTable('accounts').where('account_id', '=', id);
    await account.set({ time_zone: 'Mars/Olympus' }).execute();
    expect(await warnings()).toEqual([expect.stringContaining('"Mars/Olympus" not recognized')]);
  });
});

describe('given an app with something wrong', () => {
  test('when the secret is not its own, then the credentials are named, and what needs them is left', async () => {
    const sandbox = await emulator();
    const ran = await doctor(settings(sandbox, { DINGTALK_CLIENT_SECRET: 'not-mine-but-hidden' }));
    expect(check(ran, 'credentials')).toMatchObject({
      state: 'failed',
      next: expect.stringContaining('Client Secret'),
    });
    expect(ran.states).toContain('stream skipped, message skipped, button skipped');
    expect(sandbox.gatewayOpens.entries).toEqual([]);
  });

  test('when the gateway refuses, then the stream is named, and messages are tried all the same', async () => {
    const sandbox = await emulator();
    sandbox.faults.refuseGatewayOpens(400, 10);
    const ran = await doctor(settings(sandbox), '--group', GROUP);
    expect(check(ran, 'stream')).toMatchObject({
      state: 'failed',
      found: 'no connection was opened: systemError',
      next: expect.stringContaining('Stream mode'),
    });
    expect(ran.states).toContain('message ok, button skipped');
  });

  test('when a permission is missing, then it is named', async () => {
    const sandbox = await emulator();
    const body = {
      code: 'Forbidden.AccessDenied.AccessTokenPermissionDenied',
      requestid: 'SANDBOX-1',
      message: 'no permission',
      accessdenieddetail: { requiredScopes: ['Card.Instance.Write'] },
    };
    sandbox.faults.answerCalls('/v1.0/card/instances/createAndDeliver', { status: 403, body });
    const ran = await doctor(settings(sandbox), '--group', GROUP);
    expect(ran.states).toContain('message ok, button failed');
    expect(check(ran, 'button').found).toContain('Card.Instance.Write');
    expect(check(ran, 'button').next).toContain('publish a version');
  });

  test('when a person is unknown, then that is said', async () => {
    const sandbox = await emulator();
    const ran = await doctor(settings(sandbox), '--user', 'nobody', '--wait', '1');
    expect(check(ran, 'message')).toMatchObject({ state: 'failed', found: expect.stringContaining('nobody') });
  });

  test('when DingTalk cannot be reached, then the way there is to be looked at', async () => {
    const sandbox = await emulator();
    const ran = await doctor(settings(sandbox, { DINGTALK_API_BASE: 'http://127.0.0.1:1' }));
    expect(check(ran, 'credentials').next).toContain('firewall');
  });
});

describe('given a database with something wrong', () => {
  test('when nothing listens there, then that is said without the password, and the app is checked all the same', async () => {
    const sandbox = await emulator();
    const ran = await doctor(settings(sandbox, { DATABASE_URL: 'postgres://me:hidden@127.0.0.1:1/sms' }));
    expect(ran.states).toContain('database failed, migrations skipped, credentials ok, stream ok');
    expect(check(ran, 'database').next).toContain('DATABASE_URL');
  });

  test('when migrations are missing, then they are named', async () => {
    const sandbox = await emulator();
    const ran = await doctor(settings(sandbox, { DATABASE_URL: empty.url }));
    expect(ran.states).toContain('database ok, migrations failed');
    expect(check(ran, 'migrations').found).toContain('0001-');
    expect(check(ran, 'migrations').next).toContain('npm run cli -- migrate');
  });

  describe('when its role', () => {
    const role = `doctor_${process.pid}`;
    const url = new URL(databaseUrl);
    url.username = role;
    url.password = 'hidden';

    beforeAll(async () => {
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      await client.query(`create role ${role} login password 'hidden'`);
      await client.query(`grant select on all tables in schema public to ${role}`);
      await client.end();
      return async () => {
        const again = new pg.Client({ connectionString: databaseUrl });
        await again.connect();
        await again.query(`drop owned by ${role}`);
        await again.query(`drop role ${role}`);
        await again.end();
      };
    });

    async function grant(statement: string): Promise<void> {
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      await client.query(statement);
      await client.end();
    }

    test('may not make tables, or does not own them, or may have too few connections, then each is said', async () => {
      const sandbox = await emulator();
      const look = async () => check(await doctor(settings(sandbox, { DATABASE_URL: url.href })), 'database');
      expect(await look()).toMatchObject({ state: 'failed', found: expect.stringContaining('may not make tables') });
      await grant(`grant create on schema public to ${role}`);
      expect(await look()).toMatchObject({ state: 'failed', found: expect.stringContaining('another role') });
      await grant(`alter role ${role} superuser connection limit 5`);
      expect(await look()).toMatchObject({ state: 'failed', found: expect.stringContaining('allows 5 connections') });
      await grant(`alter role ${role} connection limit -1`);
      expect(await look()).toMatchObject({ state: 'ok' });
    });
  });
});

describe('given settings or a service with something wrong', () => {
  test('when a setting is wrong, then it is named, and nothing else is tried', async () => {
    const ran = await doctor({ DATABASE_URL: 'mysql://hidden', DINGTALK_CLIENT_ID: 'only' });
    expect(check(ran, 'configuration')).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('DATABASE_URL'),
    });
    expect(ran.of.slice(1).every(({ state }) => state === 'skipped')).toBe(true);
  });

  test('when no app is set, then the sandbox is what runs, and its database is looked at', async () => {
    const ran = await doctor({ DATABASE_URL: databaseUrl, PORT: '0' });
    expect(ran.code).toBe(0);
    expect(ran.states).toContain('migrations ok, credentials skipped, stream skipped');
  });

  test('when the service is not ready, does not run, or another program has its port, then that is said', async () => {
    const checks = { database: { ok: true }, stream: { ok: false, state: 'waiting', error: 'authFailed' } };
    const unready = await healthPage(503, { ready: false, checks });
    const look = async (PORT: string) => check(await doctor({ DATABASE_URL: databaseUrl, PORT }), 'service');
    expect(await look(unready)).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('not ready: stream (authFailed)'),
    });
    const gone = await healthPage(200, {}, { isClosed: true });
    expect(await look(gone)).toMatchObject({ state: 'skipped', found: expect.stringContaining('nothing listens') });
    const other = await healthPage(200, 'hello');
    expect(await look(other)).toMatchObject({ state: 'failed', next: expect.stringContaining('PORT') });
  });

  test('when it is asked for what it does not know, then it says how it is called', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, '.env'), '');
    const { code, error } = await cli(['doctor', '--wait', 'long'], { env: {}, folder });
    expect([code, error]).toEqual([2, expect.stringContaining('--wait must be a number of seconds')]);
  });
});
