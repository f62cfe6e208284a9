import { describe, expect, test } from 'vitest';
import type { Result } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { loadConfig } from '../../src/config.ts';
import { pauseSending } from '../../src/services/limits.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { BillingWorld } from '../support/billing-world.ts';
import { DAY_SEGMENTS, limit, MONTH_MONEY } from '../support/limits.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { Receiver } from '../webhooks/receiver.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);
await world.openAccount({ name: 'Acme' });

/** Runs a command here: a process of its own for each would take most of the time. */
async function run(words: readonly string[], { isSandbox = true }: { isSandbox?: boolean } = {}): Promise<Result> {
  const command = COMMANDS.find(({ name }) => words.join(' ').startsWith(`${name} `) || words.join(' ') === name);
  if (!command) throw new Error(`there is no command ${words.join(' ')}`);
  const args = words.slice(command.name.split(' ').length);
  const context = { ...world.context, source: { via: 'cli' } } as const;
  const app = { DINGTALK_CLIENT_ID: 'ding', DINGTALK_CLIENT_SECRET: 'secret' };
  const config = loadConfig({ env: isSandbox ? {} : app, folder: import.meta.dirname });
  return command.prepare(args)({
    withSession: (_, work) => work({ db, context, config, logger: db.logger }),
    readConfig: () => config,
    language: 'en',
    tell: () => {},
  });
}

const json = async (...words: string[]) => (await run(words)).json as Record<string, unknown>;
const out = async (...words: string[]) => (await run(words)).lines.join('\n');
const refusal = (code: string) => expect.objectContaining({ code });

describe('webhook', () => {
  test('given an address, when it is added, listed, tried and removed, then its secret is shown once and signs what it is sent', async () => {
    const receiver = await Receiver.start();
    const added = await json('webhook', 'add', 'Acme', receiver.url);
    expect(added).toMatchObject({ url: receiver.url, secret: expect.stringMatching(/^whsec_/) });
    const listed = await out('webhook', 'list', 'Acme');
    expect(listed).toContain(receiver.url);
    expect(listed).not.toContain('whsec_');
    expect(await json('webhook', 'list')).toMatchObject({
      webhooks: [{ id: added.id, dead: 0, newest: { sequence: 0, state: 'waiting', attempts: 0, error: null } }],
    });

    expect(await json('webhook', 'test', 'Acme', receiver.url)).toMatchObject({ ok: true, status: 200 });
    expect(receiver.calls).toMatchObject([
      { body: { event: 'sending.test', sending: 'allowed' }, headers: { 'steward-signature': expect.any(String) } },
    ]);
    receiver.answers(500);
    expect(await run(['webhook', 'test', 'Acme', String(added.id)])).toMatchObject({
      isFailure: true,
      lines: [`${receiver.url} answers 500.`],
    });

    await expect(run(['webhook', 'add', 'Acme', receiver.url])).rejects.toEqual(refusal('webhook_known'));
    await json('webhook', 'remove', 'Acme', receiver.url);
    expect(await out('webhook', 'list', 'Acme')).toContain('Nothing is called');
    await expect(run(['webhook', 'test', 'Acme', receiver.url])).rejects.toEqual(refusal('webhook_unknown'));
    expect(await json('webhook', 'add', 'Acme', receiver.url)).not.toMatchObject({ secret: added.secret });
  });

  test.each([
    'not-an-address',
    'ftp://gateway.example/hook',
    'https://user:password@gateway.example/hook',
    'https://gateway.example/hook#part',
    `https://gateway.example/${'x'.repeat(2_000)}`,
  ])('refuses %s', async (address) => {
    await expect(run(['webhook', 'add', 'Acme', address])).rejects.toEqual(refusal('webhook_url_invalid'));
  });

  test('given an app is set, then http is taken for this machine alone; in the sandbox for any', async () => {
    const real = (address: string) => run(['webhook', 'add', 'Acme', address], { isSandbox: false });
    await expect(real('http://gateway.internal/hook')).rejects.toEqual(refusal('webhook_url_invalid'));
    for (const address of ['http://localhost:9000/', 'http://[::1]:9000/', 'https://gateway.internal/hook']) {
      expect((await real(address)).json).toMatchObject({ url: address });
    }
    expect(await json('webhook', 'add', 'Acme', 'http://gateway.internal/hook')).toMatchObject({
      secret: expect.any(String),
    });
  });
});

test('given a pause and a cap, then account show and list tell the combined state with its reasons', async () => {
  const account = await world.openAccount({ name: 'Capped' });
  world.clock.set(Temporal.Now.instant());
  await account.recharge('100');
  await limit(world, account, DAY_SEGMENTS, 10n, 8n);
  await limit(world, account, MONTH_MONEY, 500_000_000n);
  await account.use(10);
  const by = { by: 'zhangwei', byName: '张伟' };
  await world.run(async (tx) => pauseSending(world.context, tx, await lockAccount(tx, account.id), by));
  expect(await json('account', 'show', 'Capped')).toMatchObject({
    sending: 'paused',
    reasons: ['paused', 'capped'],
    paused: { by: '张伟' },
    limits: [
      { period: 'day', unit: 'segments', used: 10, warning: 8, stop: 10, reached: true },
      { period: 'day', unit: 'money', used: '0.45', warning: null, stop: null, reached: false },
      { period: 'month', unit: 'segments', used: 10, warning: null, stop: null, reached: false },
      { period: 'month', unit: 'money', used: '0.45', warning: null, stop: '500.00', reached: false },
    ],
  });
  const shown = await out('account', 'show', 'Capped');
  expect(shown).toMatch(/Sending +paused, also capped; paused by 张伟 at /);
  expect(shown).toMatch(/segments per day +10 +8 +10 +yes/);
  expect(await out('account', 'list')).toMatch(/Capped .* paused/);
});
