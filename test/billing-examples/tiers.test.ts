import { describe, expect, test } from 'vitest';
import { readTariffs } from '../../src/store/tariffs.ts';
import { expectBooksRight } from '../support/books.ts';
import { at } from '../support/builders.ts';
import { tableOf } from '../support/worked-examples.ts';
import { anAccount, balanceOf, expectAllRead, sampleWorld } from './setup.ts';

const world = await sampleWorld();
const { db } = world;

async function chargesOf(accountId: string) {
  return db.kysely.selectFrom('charges').selectAll().where('account_id', '=', accountId).execute();
}

test('the prices of the document are those of the shipped sample', async () => {
  const { rows } = tableOf('The prices');
  const [sample] = await readTariffs(db.kysely, 'sample');
  const tiers = sample?.mainland.verification.slice(0, rows.length);
  expect(tiers).toEqual(
    rows.map((row) => ({ upTo: BigInt(row.count('up to and including')), price: row.money('a segment') })),
  );
  expect(rows.map((row) => row.count('tier'))).toEqual(rows.map((_, index) => index + 1));
  expectAllRead(rows);
});

describe("a tier's boundary (rule 4)", () => {
  test.each(tableOf("A tier's boundary in `volume` mode").rows.map((row) => [row.first, row] as const))(
    'in `volume` mode, given %s segments in a month, in one part or two',
    async (_, row) => {
      world.clock.set(at('2026-03-10'));
      const segments = row.count('segments in the month');
      for (const first of [0, segments - 1]) {
        const account = await anAccount(world);
        if (first > 0) await account.use(first);
        await account.use(segments - first);
        expect(-(await balanceOf(account))).toBe(row.money('the month costs'));
        expect(row.money('price of each') * BigInt(segments)).toBe(row.money('the month costs'));
        await expectBooksRight(db, account.id);
      }
      expectAllRead([row]);
    },
  );

  test.each(tableOf("A tier's boundary in `graduated` mode").rows.map((row) => [row.first, row] as const))(
    'in `graduated` mode, given %s segments in a month, in one part or two',
    async (_, row) => {
      world.clock.set(at('2026-03-10'));
      const segments = row.count('segments in the month');
      for (const first of [0, segments - 1]) {
        const account = await anAccount(world, 'graduated');
        if (first > 0) await account.use(first);
        await account.use(segments - first);
        expect(-(await balanceOf(account))).toBe(row.money('the month costs'));
        const byTier = [0, 0, 0];
        for (const charge of await chargesOf(account.id)) {
          const tier = charge.tier ?? 0;
          byTier[tier] = (byTier[tier] ?? 0) + Number(charge.segments);
        }
        expect(byTier).toEqual(['of tier 1', 'of tier 2', 'of tier 3'].map((tier) => row.count(tier)));
        await expectBooksRight(db, account.id);
      }
      expectAllRead([row]);
    },
  );
});

test('the correction in `volume` mode (rule 4)', async () => {
  world.clock.set(at('2026-03-10'));
  const account = await anAccount(world);
  const { rows } = tableOf('The correction in `volume` mode');
  const seen = new Set<string>();
  let total = 0;
  for (const row of rows) {
    const sent = row.count('sent');
    total += sent;
    await account.use(sent);
    const charges = (await chargesOf(account.id)).filter(({ charge_id }) => !seen.has(charge_id));
    for (const { charge_id } of charges) seen.add(charge_id);
    const sumOf = (kind: string) =>
      charges.filter((charge) => charge.kind === kind).reduce((sum, { amount }) => sum + amount, 0n);
    expect(total).toBe(row.count('in the month'));
    expect(sumOf('payg')).toBe(row.money('charged'));
    expect(sumOf('correction')).toBe(row.money('correction'));
    expect(charges.every(({ unit_price }) => unit_price === row.money('price'))).toBe(true);
    expect(-(await balanceOf(account))).toBe(row.money('the month costs'));
  }
  expectAllRead(rows);
  await expectBooksRight(db, account.id);
});

test('plans and the tier (rule 4)', async () => {
  world.clock.set(at('2026-03-10'));
  const { rows } = tableOf('Plans and the tier');
  for (const row of rows) {
    const account = await anAccount(world, row.text('plan usage counts') === 'yes' ? 'counting' : 'sample');
    await account.grant('sample-50000');
    await account.use(row.count('covered by the plan') + row.count('paid for'));
    expect(await account.plans()).toMatchObject([{ total: BigInt(row.count('covered by the plan')), remaining: 0n }]);
    expect(-(await balanceOf(account))).toBe(row.money('the month costs'));
    expect(row.money('price') * BigInt(row.count('paid for'))).toBe(row.money('the month costs'));
    await expectBooksRight(db, account.id);
  }
  expectAllRead(rows);
});
