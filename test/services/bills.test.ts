import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import type { BillFigures, BillLine } from '../../src/domain/bill.ts';
import type { UsageReport } from '../../src/domain/usage.ts';
import { BillJob } from '../../src/jobs/bill-job.ts';
import { createLogger } from '../../src/log.ts';
import { closeBill, readBillView } from '../../src/services/bills.ts';
import { listBills, readBill } from '../../src/store/bills.ts';
import { postTransfers } from '../../src/store/ledger.ts';
import { findDifferences } from '../../src/store/reconciliation.ts';
import { BillingWorld, kinds, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { aReport, at, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

async function openAccountAt(time: string, overrides: Parameters<BillingWorld['openAccount']>[0] = {}) {
  world.clock.set(at(time));
  return world.openAccount(overrides);
}

function close(account: TestAccount): Promise<string | null> {
  return world.run((tx) => closeBill(world.context, tx, account.id));
}

/** Closes what is due at this time; answers which months. */
async function closeAt(account: TestAccount, time: string): Promise<string[]> {
  world.clock.set(at(time));
  const closed: string[] = [];
  for (let month = await close(account); month; month = await close(account)) closed.push(month);
  return closed;
}

async function billOf(account: TestAccount, month: string) {
  const bill = await readBill(db.kysely, account.id, month);
  if (!bill) throw new Error(`no bill of ${month}`);
  return bill;
}

/** The figures that are not zero, as decimal text. */
function moved(figures: BillFigures): Record<string, string> {
  const text = (micro: bigint) => `${micro < 0n ? '-' : ''}${Number(micro < 0n ? -micro : micro) / 1_000_000}`;
  return Object.fromEntries(
    Object.entries(figures)
      .filter(([, amount]) => amount !== 0n)
      .map(([name, amount]) => [name, text(amount)]),
  );
}

/** A line by what it says. */
function brief(line: BillLine): Record<string, unknown> {
  const said = Object.entries(line).filter(([, value]) => value !== null && value !== false);
  return Object.fromEntries(said.filter(([name]) => !['planId', 'at', 'key'].includes(name)));
}

async function expectRight(account: TestAccount): Promise<void> {
  await expectBooksRight(db, account.id);
  expect(await findDifferences(db.kysely, account.id)).toEqual([]);
}

const viewOf = async (account: TestAccount, month?: string) =>
  readBillView(world.context, db.kysely, await account.read(), month);

describe('given a month by hand (rules 7 and 10)', () => {
  let account: TestAccount;

  beforeAll(async () => {
    account = await openAccountAt('2026-03-02');
    await account.recharge('100', 'first');
    await account.grant('sms-100');
    world.clock.set(at('2026-03-05T09:00'));
    // 100 of 650 are the plan's; 500 cost 0.045 and 50 cost 0.040 once the volume is 550, which gives back 500 x 0.005.
    await account.use(600);
    await account.use(50);
    await account.use(3, { destination: 'international', country: 'HK' });
    world.clock.set(at('2026-03-20'));
    await account.recharge('20.5', 'second');
    expect(await closeAt(account, '2026-04-02')).toEqual(['2026-03']);
  });

  test('when it is closed, then its figures are those of the hand', async () => {
    const { figures, closedAt } = await billOf(account, '2026-03');
    expect(moved(figures)).toEqual({
      recharges: '120.5',
      payg: '-25.4',
      corrections: '2.5',
      closing: '97.6',
    });
    expect(closedAt).toEqual(at('2026-04-02'));
    expect((await account.read()).money.balance).toBe(figures.closing);
  });

  test('when its lines are read, then they are all that was charged and booked, and add up', async () => {
    const { figures, lines } = await billOf(account, '2026-03');
    const mainland = { destination: 'mainland', templateType: 'verification', tariffVersion: 1 };
    expect(lines.map(brief)).toEqual([
      { kind: 'recharge', amount: yuan('100') },
      { kind: 'recharge', amount: yuan('20.5') },
      { kind: 'grant', title: '100 segments', segments: 100n, amount: 0n },
      { kind: 'usage', destination: 'mainland', templateType: 'verification', title: '100 segments', segments: 100n, amount: 0n },
      { kind: 'payg', ...mainland, tier: 0, segments: 500n, unitPrice: yuan('0.045'), amount: yuan('-22.5') },
      { kind: 'payg', ...mainland, tier: 1, segments: 50n, unitPrice: yuan('0.040'), amount: yuan('-2') },
      {
        kind: 'payg',
        ...{ destination: 'international', country: 'HK', templateType: 'verification', tariffVersion: 1 },
        ...{ tier: 0, segments: 3n, unitPrice: yuan('0.3'), amount: yuan('-0.9') },
      },
      { kind: 'correction', ...mainland, tier: 1, unitPrice: yuan('0.040'), amount: yuan('2.5') },
    ]);
    expect(lines.reduce((sum, { amount }) => sum + amount, figures.opening)).toBe(figures.closing);
    await expectRight(account);
  });

  test('when it is closed, then the administrators are told once, with all of it', async () => {
    const receipts = (await account.told()).filter(({ kind }) => kind === 'bill_closed');
    expect(receipts).toMatchObject([{ month: '2026-03', figures: { closing: '97600000' } }]);
    expect(await close(account)).toBeNull();
    expect((await account.told()).filter(({ kind }) => kind === 'bill_closed')).toHaveLength(1);
  });

  test('when months follow in which nothing happens, then each has its bill and nobody is told', async () => {
    await account.news();
    expect(await closeAt(account, '2026-06-02')).toEqual(['2026-04', '2026-05']);
    expect(moved((await billOf(account, '2026-05')).figures)).toEqual({ opening: '97.6', closing: '97.6' });
    expect(kinds(await account.news())).toEqual([]);
    await expectRight(account);
  });
});
