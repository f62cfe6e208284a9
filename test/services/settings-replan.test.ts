import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import type { SettingName } from '../../src/domain/settings.ts';
import { BillJob } from '../../src/jobs/bill-job.ts';
import { DigestJob } from '../../src/jobs/digest-job.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import { decide } from '../../src/services/approvals.ts';
import { currentValue, readGroupSettings } from '../../src/services/settings.ts';
import { ADMIN, BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { at } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);
const logger = pino({ level: 'silent' });

/** An administrator changes a setting and confirms it. */
async function change(account: TestAccount, setting: SettingName, after: string | null): Promise<void> {
  const { corpId, conversationId, title } = account.group;
  const before = currentValue(await readGroupSettings(db.kysely, account.group, world.clock.now()), setting);
  const group = { corpId, conversationId, title };
  const action = { type: 'change_settings', group, setting, before, after } as const;
  const asked = await world.run((tx) => requestAction(world.context, tx, account.group, ADMIN, action));
  if (asked.type === 'done') throw new Error('it is confirmed first');
  const { code } = asked.approval;
  await world.run((tx) => decide(world.context, tx, account.group, ADMIN, { code, approve: true }));
}

describe('quiet hours that change while something is held back (rule 21)', () => {
  /** Until when the receipt of a recharge at 23:00 is held back, and when it is tried. */
  async function afterChangeTo(quietHours: string | null) {
    world.clock.set(at('2026-03-10T23:00'));
    const account = await world.openAccount();
    await account.settings({ quietHours: { from: '22:00', until: '08:00' } });
    await account.recharge('10');
    world.clock.set(at('2026-03-10T23:10'));
    await change(account, 'quiet_hours', quietHours);
    const notices = await db.kysely
      .selectFrom('notices')
      .select(['held_until', 'next_attempt_at'])
      .where('account_id', '=', account.id)
      .where('reason', '=', 'recharged')
      .execute();
    return notices.map(({ held_until, next_attempt_at }) => [held_until, next_attempt_at].map(String));
  }

  test.each([
    ['are switched off', null, '2026-03-10T23:10'],
    ['are over now', '12:00-14:00', '2026-03-10T23:10'],
    ['end earlier', '22:00-06:00', '2026-03-11T06:00'],
    ['end later', '22:00-09:00', '2026-03-11T08:00'],
  ])('given that they %s, then what waits for their end follows', async (_, quietHours, until) => {
    const expected = at(until).toString();
    expect(await afterChangeTo(quietHours)).toEqual([[expected, expected]]);
  });

  test('given that they are switched off, then what fails and stands aside for a while is not tried at once', async () => {
    world.clock.set(at('2026-03-10T23:00'));
    const account = await world.openAccount();
    await account.settings({ quietHours: { from: '22:00', until: '08:00' } });
    await account.recharge('10');
    const aside = { attempts: 64, held_until: at('2026-03-10T23:15'), next_attempt_at: at('2026-03-10T23:15') };
    await db.kysely.updateTable('notices').set(aside).where('account_id', '=', account.id).execute();
    await change(account, 'quiet_hours', null);
    const notices = db.kysely.selectFrom('notices').select('next_attempt_at').where('account_id', '=', account.id);
    expect(await notices.where('reason', '=', 'recharged').execute()).toEqual([{ next_attempt_at: aside.held_until }]);
  });

  test('given that they are switched off, then what others have held back is their own', async () => {
    const other = await world.openAccount();
    await other.settings({ quietHours: { from: '22:00', until: '08:00' } });
    world.clock.set(at('2026-03-10T23:00'));
    await other.recharge('10');
    await afterChangeTo(null);
    const held = db.kysely.selectFrom('notices').select('held_until').where('account_id', '=', other.id);
    expect(await held.execute()).toEqual([{ held_until: at('2026-03-11T08:00') }]);
  });
});

describe("the time of a month's summary that changes when its bill is closed (rule 20)", () => {
  /** An account whose summary of March is planned for the 2nd of April at 9:00. */
  async function closedAccount(): Promise<TestAccount> {
    await db.kysely.deleteFrom('digests').execute();
    world.clock.set(at('2026-03-09T10:00'));
    const account = await world.openAccount();
    await account.settings({ monthlyDigestAt: '09:00' });
    await account.recharge('100');
    world.clock.set(at('2026-04-02T00:00:10'));
    await new BillJob({ db, context: world.context, logger, onClosed: () => {} }).run();
    await account.news();
    return account;
  }

  const toldAt = async (account: TestAccount, time: string) => {
    world.clock.set(at(time));
    await new DigestJob({ db, context: world.context, logger, onTold: () => {} }).run();
    return kinds(await account.news());
  };

  test('given a later time, then it is told then, and not before', async () => {
    const account = await closedAccount();
    world.clock.set(at('2026-04-02T08:00'));
    await change(account, 'monthly_digest_at', '18:00');
    await account.news();
    expect(await toldAt(account, '2026-04-02T17:59')).toEqual([]);
    expect(await toldAt(account, '2026-04-02T18:00')).toEqual(['monthly_digest']);
  });

  test('given a time that is past, then it is told at once', async () => {
    const account = await closedAccount();
    world.clock.set(at('2026-04-02T08:00'));
    await change(account, 'monthly_digest_at', '07:30');
    await account.news();
    expect(await toldAt(account, '2026-04-02T08:00')).toEqual(['monthly_digest']);
  });

  test('given none, then the receipt of the bill takes its place, at once', async () => {
    const account = await closedAccount();
    world.clock.set(at('2026-04-02T08:00'));
    await change(account, 'monthly_digest_at', null);
    await account.news();
    expect(await toldAt(account, '2026-04-02T08:00')).toEqual(['bill_closed']);
    expect(await toldAt(account, '2026-04-02T18:00')).toEqual([]);
  });
});
