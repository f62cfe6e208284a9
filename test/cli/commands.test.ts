import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { ManualClock } from '../../src/clock.ts';
import { createContext } from '../../src/context.ts';
import { moneyToDecimal } from '../../src/domain/money.ts';
import { createAccount } from '../../src/services/accounts.ts';
import { accountOfKey } from '../../src/services/api-keys.ts';
import { authorizeGroup, bindGroup } from '../../src/services/groups.ts';
import { readAccount } from '../../src/store/accounts.ts';
import { inTransaction } from '../../src/store/database.ts';
import { readPlansWithQuota } from '../../src/store/plans.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cli, codeOf, jsonOf, type Ran } from './cli.ts';

const { db, url } = await createTestDatabase();
const folder = await mkdtemp(join(tmpdir(), 'sms-steward-cli-'));
afterAll(() => rm(folder, { recursive: true }));
const context = createContext(new ManualClock(Temporal.Now.instant()));
const SAMPLE = new URL('../../catalogue/sample.yaml', import.meta.url).pathname;

const run = (...args: string[]): Promise<Ran> => cli(args, { env: { DATABASE_URL: url }, folder });
const json = async (...args: string[]) => jsonOf(await run(...args, '--json'));
/** An account with a name of its own. */
const anAccount = async () => {
  const name = `账户 ${randomUUID().slice(0, 8)}`;
  const id = await inTransaction(db, (tx) =>
    createAccount(context, tx, {
      name,
      tariffId: 'sample',
      timeZone: 'Asia/Shanghai',
      defaultTemplateType: 'notification',
      creditLimit: 0n,
      overdueGraceHours: 0,
    }),
  );
  return { id, name };
};
const balanceOf = async (id: string) => moneyToDecimal((await readAccount(db.kysely, id)).money.balance);

beforeAll(async () => {
  jsonOf(await run('tariff', 'import', SAMPLE, '--json'));
  jsonOf(await run('offer', 'import', SAMPLE, '--json'));
});

describe('given an account', () => {
  test('when it is created, then it is as it was asked for, and can be found by name and id', async () => {
    const name = `账户 ${randomUUID().slice(0, 8)}`;
    const options = ['--tariff', 'sample', '--credit-limit', '12.5', '--time-zone', 'Europe/Berlin'];
    const { id } = await json('account', 'create', name, ...options);
    for (const reference of [String(id), name]) {
      expect(await json('account', 'show', reference)).toMatchObject({
        id,
        name,
        currency: 'CNY',
        timeZone: 'Europe/Berlin',
        templateType: 'notification',
        balance: '0.00',
        available: '12.50',
        quota: 0,
        sending: 'allowed',
        autoRenewal: { enabled: false },
      });
    }
    expect(await json('account', 'list')).toContainEqual(expect.objectContaining({ id, name, available: '12.50' }));
  });

  test('when no tariff is named, then it is the only one there is', async () => {
    expect(await json('account', 'create', `only ${randomUUID()}`)).toMatchObject({ tariff: 'sample' });
  });

  test.each([
    ['a tariff that is not there', ['--tariff', 'none'], 'tariff_unknown'],
    ['a time zone that is not there', ['--time-zone', 'Mars/Olympus'], 'time_zone_unknown'],
  ])('when it is to have %s, then it is refused', async (_, options, code) => {
    const refused = await run('account', 'create', randomUUID(), ...options);
    expect([refused.code, codeOf(refused)]).toEqual([1, code]);
  });

  test('when its name is taken, then it is refused: a repeated command makes no second account', async () => {
    const { name, id } = await anAccount();
    const refused = await run('account', 'create', name);
    expect([refused.code, codeOf(refused)]).toEqual([1, 'account_name_taken']);
    expect(refused.error).toContain(id);
  });

  test('when nobody has the name, or several could be meant, then that is said', async () => {
    expect(codeOf(await run('account', 'show', 'nobody'))).toBe('account_unknown');
    expect(codeOf(await run('account', 'show', randomUUID()))).toBe('account_unknown');
    expect(codeOf(await run('account', 'show'))).toBe('account_ambiguous');
    const { id, name } = await anAccount();
    const other = await anAccount();
    await db.kysely.updateTable('accounts').set({ name }).where('account_id', '=', other.id).execute();
    const refused = await run('recharge', name, '1');
    expect([refused.code, codeOf(refused)]).toEqual([1, 'account_ambiguous']);
    expect(refused.error).toContain(id);
  });

  test('then it is shown aligned, with its groups, and what people named cannot disturb the screen', async () => {
    const { id, name } = await anAccount();
    await inTransaction(db, (tx) =>
      authorizeGroup(context, tx, {
        accountId: id,
        conversation: { corpId: 'corp', conversationId: randomUUID() },
        title: '短信\u001b[2J运维群\n伪造',
        language: 'zh-CN',
        actor: { staffId: 'zhangwei', name: '张伟' },
      }),
    );
    const { out } = await run('account', 'show', id);
    expect(out).toContain(`Account        ${name}\nID             ${id}\n`);
    expect(out).toContain('短信运维群 伪造  张伟');
    expect(out).not.toContain('\u001b');
  });
});

describe('given money', () => {
  test('when an account is recharged, then it is booked once under its key, and its groups are told', async () => {
    const { id, name } = await anAccount();
    const conversation = { corpId: 'corp', conversationId: randomUUID() };
    const actor = { staffId: 'zhangwei', name: '张伟' };
    await inTransaction(db, (tx) =>
      authorizeGroup(context, tx, { accountId: id, conversation, title: 'g', language: 'en', actor }),
    );
    const first = await run('recharge', name, '500.5', '--key', 'payment 7');
    expect(first.out).toBe(
      `"${name}" was recharged by ¥500.50, under the key payment 7.\nIts balance is ¥500.50, available ¥500.50.\n`,
    );
    const again = await run('recharge', id, '500.50', '--key', 'payment 7');
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('had been booked before')]);
    expect(await balanceOf(id)).toBe('500.50');

    const notices = await db.kysely.selectFrom('notices').selectAll().where('account_id', '=', id).execute();
    expect(notices).toMatchObject([{ reason: 'recharged', state: 'waiting' }]);
    const account = await db.kysely.selectFrom('accounts').selectAll().where('account_id', '=', id).executeTakeFirst();
    const due = account && Temporal.Instant.compare(account.next_review_at, Temporal.Now.instant());
    expect(due).toBeLessThanOrEqual(0);
  });

  test('when a key comes with another amount, then it is refused', async () => {
    const { id } = await anAccount();
    await json('recharge', id, '1', '--key', 'k');
    const refused = await run('recharge', id, '2', '--key', 'k');
    expect([refused.code, codeOf(refused)]).toEqual([1, 'ledger_conflict']);
  });

  test('when no key is given, then each recharge is one of its own', async () => {
    const { id } = await anAccount();
    await json('recharge', id, '1');
    expect(await json('recharge', id, '1')).toMatchObject({ booked: true, balance: '2.00' });
  });

  test('when money is taken out, then it is booked once under its key, for a reason, and more than there is only when that is said', async () => {
    const { id, name } = await anAccount();
    await json('recharge', id, '500');
    const why = ['--reason', 'typed twice'];
    const first = await run('withdraw', name, '450', ...why, '--key', 'back 7');
    expect(first.out).toBe(
      `¥450.00 were taken out of the balance of "${name}", under the key back 7.\nIts balance is ¥50.00, available ¥50.00.\n`,
    );
    const again = await run('withdraw', id, '450.00', ...why, '--key', 'back 7');
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('had been booked before')]);

    const refused = await run('withdraw', id, '60', ...why);
    expect([refused.code, codeOf(refused)]).toEqual([1, 'withdrawal_too_large']);
    expect(await json('withdraw', id, '60', ...why, '--overdraw')).toMatchObject({ booked: true, balance: '-10.00' });
    expect((await run('withdraw', id, '1')).error).toContain('--reason is missing');
    const { out } = await run('audit', 'export', '--account', id, '--format', 'jsonl');
    expect(out).toContain('"reason":"typed twice"');
  });

  test.each(['0', '0.00'])('when the amount is %s, then it is refused', async (amount) => {
    const { id } = await anAccount();
    const refused = await run('recharge', id, amount);
    expect([refused.code, codeOf(refused)]).toEqual([1, 'amount_not_positive']);
  });
});

describe('given templates of an account', () => {
  const typesOf = async (id: string) => (await json('template-code', 'list', id)).templateCodes;
  const fileWith = async (text: string) => {
    const path = join(folder, `${randomUUID()}.yaml`);
    await writeFile(path, text);
    return path;
  };

  test('when a file says their types, then they are added, changed or known, and others stay', async () => {
    const { id, name } = await anAccount();
    await json(
      'template-code',
      'import',
      id,
      await fileWith('templateCodes: { SMS_1: verification, SMS_2: promotion }'),
    );
    const again = await fileWith('templateCodes:\n  SMS_2: notification\n  SMS_1: verification\n  SMS_3: promotion\n');
    expect(await json('template-code', 'import', name, again)).toMatchObject({
      entries: [
        { code: 'SMS_2', state: 'changed', before: 'promotion', templateType: 'notification' },
        { code: 'SMS_1', state: 'known' },
        { code: 'SMS_3', state: 'added' },
      ],
    });
    expect(await typesOf(id)).toEqual([
      { code: 'SMS_1', templateType: 'verification' },
      { code: 'SMS_2', templateType: 'notification' },
      { code: 'SMS_3', templateType: 'promotion' },
    ]);
  });

  test.each([
    ['a type that is none', 'templateCodes:\n  SMS_1: verification\n  SMS_2: otp\n', 'line 3, templateCodes.SMS_2'],
    ['a code with a space', 'templateCodes:\n  "SMS 1": promotion\n', 'line 2, templateCodes.SMS 1'],
    ['another key', 'templatecodes: {}\n', 'line 1, templatecodes'],
  ])('when the file has %s, then its place is named and nothing is imported', async (_, text, place) => {
    const { id } = await anAccount();
    const refused = await run('template-code', 'import', id, await fileWith(text));
    expect([refused.code, codeOf(refused)]).toEqual([1, 'file_invalid']);
    expect(refused.error).toContain(place);
    expect(await typesOf(id)).toEqual([]);
  });
});

test('given a plan that is granted, then it is there, once per key, and an offer that is unknown is refused', async () => {
  const { id } = await anAccount();
  expect(await json('plan', 'grant', id, 'sample-5000', '--key', 'order-1')).toMatchObject({ booked: true });
  expect(await json('plan', 'grant', id, 'sample-5000', '--key', 'order-1')).toMatchObject({
    segments: 5_000,
    booked: false,
  });
  expect((await run('plan', 'grant', id, 'sample-5000', '--key', 'order-1')).out).toContain('had been booked before');
  expect(await readPlansWithQuota(db.kysely, id)).toMatchObject([{ remaining: 5_000n }]);
  const refused = await run('plan', 'grant', id, 'none');
  expect([refused.code, codeOf(refused)]).toEqual([1, 'offer_unknown']);
});

test('given a key, then it opens its account until it is revoked, and is kept nowhere', async () => {
  const { id } = await anAccount();
  const { key } = await json('key', 'create', id, '--label', 'gateway 1');
  expect(await accountOfKey(db.kysely, String(key))).toBe(id);
  const shown = await run('account', 'show', id);
  expect(shown.out).toMatch(/gateway 1 {2}[0-9a-f]{12} {2}\d{4}-\d\d-\d\d \d\d:\d\d/);
  expect(shown.out).not.toContain(String(key).slice(-43));

  expect(await json('key', 'revoke', id, 'gateway 1')).toMatchObject({ revoked: 1 });
  expect(await accountOfKey(db.kysely, String(key))).toBeUndefined();
  const refused = await run('key', 'revoke', id, 'gateway 1');
  expect([refused.code, codeOf(refused)]).toEqual([1, 'key_label_unknown']);
});

test('given a group code, then a group can be authorized with it', async () => {
  const { id, name } = await anAccount();
  const { code } = await json('group', 'code', id);
  const bound = await inTransaction(db, (tx) =>
    bindGroup(context, tx, {
      conversation: { corpId: 'corp', conversationId: randomUUID() },
      title: 'g',
      language: 'zh-CN',
      code: String(code),
      actor: { staffId: 'zhangwei', name: '张伟' },
    }),
  );
  expect(bound).toEqual({ type: 'bound', accountName: name });
});

describe('given a command line that is not understood', () => {
  test.each([
    ['nothing', [], 'Say what to do'],
    ['a word that is no command', ['dance'], '"dance" is no command'],
    ['half a command', ['account'], 'Commands: account create, account list, account show'],
    ['too few words', ['recharge', 'x'], 'AMOUNT is missing'],
    ['too many words', ['account', 'create', 'two', 'words'], '"words" is too much'],
    ['an option that is not there', ['account', 'list', '--colour', 'red'], "Unknown option '--colour'"],
    ['an option without its value', ['recharge', 'x', '1', '--key'], '--key'],
    ['an amount that is none', ['recharge', 'x', '1,000'], 'AMOUNT must be an amount like 500'],
    ['a negative amount', ['recharge', 'x', '--', '-1'], 'AMOUNT must be an amount like 500'],
    ['a template type that is none', ['account', 'create', 'x', '--template-type', 'spam'], '--template-type must be'],
    ['an empty name', ['account', 'create', ' '], 'NAME must be printable'],
    ['a name that moves the cursor', ['account', 'create', 'a\u001b[2J'], 'NAME must be printable'],
  ])('when it is %s, then it says so, with exit code 2', async (_, args, said) => {
    const { code, out, error } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(error).toMatch(/^usage: /);
    expect(error).toContain(said);
  });

  test('then it is said before any setting is read', async () => {
    const { code, out, error } = await cli(['dance'], { env: { DATABASE_URL: 'nonsense' }, folder });
    expect([code, out, error]).toEqual([2, '', expect.stringContaining('"dance" is no command')]);
  });

  test('when it asks for JSON, then the error is JSON too', async () => {
    const { code, error } = await run('recharge', 'nobody', '1', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(error)).toEqual({ error: { code: 'account_unknown', message: expect.any(String) } });
  });
});

describe('given someone who asks for help', () => {
  test.each([[['help']], [['--help']], [['-h']]])('when it is %j, then all commands are listed', async (args) => {
    const { code, out, error } = await run(...args);
    expect([code, error]).toEqual([0, '']);
    for (const { name } of COMMANDS) expect(out).toContain(name);
  });

  test.each([[['help', 'recharge']], [['recharge', '--help']]])(
    'when it is %j, then the command is explained',
    async (args) => {
      const { code, out } = await run(...args);
      expect(code).toBe(0);
      expect(out).toContain('Usage: npm run cli -- recharge ACCOUNT AMOUNT [--key KEY]');
    },
  );

  test('then the README lists every command', async () => {
    const readme = await readFile(new URL('../../src/cli/README.md', import.meta.url), 'utf8');
    for (const { usage } of COMMANDS) expect(readme).toContain(`| \`${usage}\` |`);
  });
});
