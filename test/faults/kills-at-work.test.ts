import { afterEach, describe, expect, test } from 'vitest';

import { createTestDatabase } from '../support/test-database.ts';
import { FaultWorld } from './support/fault-world.ts';
import { AT_MONTH_END, BY_USAGE } from './support/kill-steps.ts';
import { expectNothingLostOrDoubled } from './support/oracle.ts';
import { plansOf } from './support/reading.ts';

const world = await FaultWorld.start(await createTestDatabase());
const { db, sandbox } = world;

afterEach(() => expectNothingLostOrDoubled(world));

describe('given a replica that is killed while it meters, alerts, renews and tells (promises 3, 4 and 5)', () => {
  test.each(BY_USAGE)(
    'when it is at %s, then each record is billed once, one plan bought, and both are told',
    async (step) => {
      const account = await world.openAccount();
      const victim = await world.oneReplica();
      await world.quiet();
      const after = sandbox.messages(account.group).at(-1)?.seq ?? 0;
      const records = world.records(2_500);
      await victim.tell({ killAt: step === 'usage.receive' ? { step } : { step, since: 'usage.receive' } });
      const [answer] = await Promise.all([world.report(victim, account, records), victim.ended]);

      const successor = await world.takeOver();
      // Without an answer a gateway reports the same again.
      const again = answer ?? (await world.report(successor, account, records));
      expect(again).toMatchObject({ conflicts: [], rejected: [] });
      await world.hears(account, /(?<!2)9,500/, after);
      await world.quiet();
      expect(await plansOf(db, account)).toEqual(['grant', 'renewal']);
      const told = world.saidIn(account, after).map(({ title, text }) => `${title} ${text}`);
      expect(told.filter((text) => /(?<!2)9,500/.test(text))).toHaveLength(1);
      expect(told.filter((text) => /29,500/.test(text)).length).toBeGreaterThan(0);
    },
  );
});

describe('given a replica that is killed while it settles a month (rule 10)', () => {
  test.each(AT_MONTH_END)('when it is at %s, then the month has one bill, which is told', async (step) => {
    await Promise.all(world.replicas.map((replica) => replica.terminate()));
    const lastMonth = world.clock.now().toZonedDateTimeISO('Asia/Shanghai').subtract({ months: 1 });
    const account = await world.openAccount(lastMonth.with({ day: 10 }).toInstant());
    const victim = await world.startReplica({ killAt: { step } });
    expect(await victim.ended).toEqual({ code: null, signal: 'SIGKILL' });
    await world.takeOver();
    await world.quiet();
    const bills = await db.kysely.selectFrom('bills').select('month').where('account_id', '=', account.id).execute();
    expect(bills).toEqual([{ month: lastMonth.toPlainDate().toPlainYearMonth().toString() }]);
    // The month's summary is the receipt of its bill.
    expect(world.saidIn(account).filter(({ title, text }) => /月报：用了/.test(`${title} ${text}`))).toHaveLength(1);
  });
});
