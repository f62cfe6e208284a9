import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { readCatalogue } from '../../src/cli/catalogue.ts';
import { addOffers, addTariffs } from '../../src/services/catalogue.ts';
import type { TariffDocument } from '../../src/store/tariffs.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { createTestDatabase } from '../support/test-database.ts';
import type { ExampleRow } from '../support/worked-examples.ts';

const SAMPLE = fileURLToPath(new URL('../../catalogue/sample.yaml', import.meta.url));

/** A database with the shipped sample catalogue. `graduated` and `counting` are the sample tariff with that one thing changed. */
export async function sampleWorld(): Promise<BillingWorld> {
  const { db } = await createTestDatabase();
  const world = await BillingWorld.on(db);
  const [sample] = await readCatalogue(SAMPLE, 'tariffs');
  if (!sample) throw new RangeError('the sample catalogue has no tariff');
  const variants: TariffDocument[] = [
    sample,
    { ...sample, id: 'graduated', mode: 'graduated' },
    { ...sample, id: 'counting', planUsageCounts: true },
  ];
  const offers = await readCatalogue(SAMPLE, 'offers');
  await world.run(async (tx) => {
    await addTariffs(world.context, tx, variants);
    await addOffers(world.context, tx, offers);
  });
  return world;
}

/** An account with money enough, whose messages are verification codes. */
export async function anAccount(world: BillingWorld, tariffId = 'sample'): Promise<TestAccount> {
  return world.openAccount({ tariffId, defaultTemplateType: 'verification', creditLimit: 1_000_000_000_000n });
}

export async function balanceOf(account: TestAccount): Promise<bigint> {
  return (await account.read()).money.balance;
}

/** Fails where the document gives a figure that no test has looked at. */
export function expectAllRead(rows: readonly ExampleRow[]): void {
  expect(rows.flatMap((row) => row.unread.map((column) => `${row.first}: ${column}`))).toEqual([]);
}
