import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { BillingWorld } from '../support/billing-world.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cliProcess } from './cli.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const { db, url } = await createTestDatabase();
const env = { DATABASE_URL: url, PORT: '0' };
/** Without a `.env`. */
const folder = import.meta.dirname;

/** A command of each group, with what it says where there is one account and nothing has happened yet. Other tests call them without a process. */
const ONE_OF_EACH: readonly (readonly [string, RegExp])[] = [
  ['migrate', /^The database is up to date\.\n$/],
  ['doctor', /^ok +database +PostgreSQL[\s\S]*\nNothing is wrong\.\n$/m],
  ['tariff list', /^test +1 +CNY +volume/m],
  ['offer list', /^sms-5000 .* 5,000 segments /m],
  ['account list', /^[0-9a-f-]{36} {2}示例科技 +¥0\.00 +0 {2}allowed$/m],
  ['plan list', /^"示例科技" has had no plan yet\.\n$/],
  ['renewal list', /^Auto-renewal has never been due for "示例科技"\.\n$/],
  ['webhook list', /^Nothing is called for "示例科技"\.\n$/],
  ['template-code list 示例科技', /^any other +notification$/m],
  ['statement 示例科技', /^Book cash of "示例科技"[\s\S]*closing +¥0\.00\n$/],
  ['bill list', /^\d{4}-\d\d +¥0\.00 +¥0\.00 +¥0\.00 +estimate$/m],
  ['reconcile', /^Everything follows from its entries: accounts looked at: 1\.\n$/],
  ['jobs run digests', /digests/],
  ['key create 示例科技', /^sk_[0-9a-f]{12}_\S+\nThis key of "示例科技"/],
  ['group code 示例科技', /^[0-9A-Z]{8}\nIn the group, say "绑定 /],
  ['recharge 示例科技 5', /^"示例科技" was recharged by ¥5\.00/],
  ['notices list', / waiting +recharged .* 充值到账：¥5\.00\n$/],
  ['audit export', /,operator,,,recharged,.*,cli,/],
  ['withdraw 示例科技 2 --reason 重复充值', /^¥2\.00 were taken out of the balance of "示例科技"/],
];

describe('given a process of its own', () => {
  beforeAll(async () => {
    const world = await BillingWorld.on(db);
    world.clock.set(Temporal.Now.instant());
    await world.openAccount({ name: '示例科技' });
  });

  test.each(ONE_OF_EACH)('when it is called with "%s", then it does that and ends with 0', async (line, said) => {
    const { code, out, error } = await cliProcess(line.split(' '), { env, folder });
    expect([code, error]).toEqual([0, '']);
    expect(out).toMatch(said);
  });

  test('then each group of commands was called so', () => {
    const groupsOf = (lines: readonly string[]) => [...new Set(lines.map((line) => line.split(' ')[0]))].toSorted();
    expect(groupsOf(ONE_OF_EACH.map(([line]) => line))).toEqual(groupsOf(COMMANDS.map(({ name }) => name)));
  });

  test.each([
    ['is refused', 'account show nobody', 1, 'account_unknown: '],
    ['is not understood', 'dance', 2, 'usage: "dance" is no command'],
  ])('when a command %s, then its exit code says so, and standard error why', async (_, line, exitCode, said) => {
    const { code, out, error } = await cliProcess(line.split(' '), { env, folder });
    expect([code, out]).toEqual([exitCode, '']);
    expect(error).toContain(said);
  });

  test('when the terminal is Chinese, then it is told in Chinese', async () => {
    const { error } = await cliProcess(['dance'], { env: { ...env, LANG: 'zh_CN.UTF-8' }, folder });
    expect(error).toContain('没有命令“dance”');
  });
});

test('given a reader that has read enough, when more is written, then the command ends as it would have', async () => {
  const child = spawn(process.execPath, [MAIN, 'help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  child.stdout.destroy();
  const [error, [code]] = await Promise.all([text(child.stderr), closed]);
  expect([code, error]).toEqual([0, '']);
});
