import { expect } from 'vitest';
import type { BillFigures, BillLine } from '../../src/domain/bill.ts';
import { closeBill, readBillView } from '../../src/services/bills.ts';
import { readBill } from '../../src/store/bills.ts';
import { findDifferences } from '../../src/store/reconciliation.ts';
import type { BillingWorld, TestAccount } from './billing-world.ts';
import { expectBooksRight } from './books.ts';
import { at } from './builders.ts';

/** Bills of a test's accounts. */
export class Bills {
  readonly #world: BillingWorld;

  constructor(world: BillingWorld) {
    this.#world = world;
  }

  /** An account that is opened at this time. */
  openAccount(time: string, overrides: Parameters<BillingWorld['openAccount']>[0] = {}): Promise<TestAccount> {
    this.#world.clock.set(at(time));
    return this.#world.openAccount(overrides);
  }

  /** Closes one month if it is due; null when none is. */
  close(account: TestAccount): Promise<string | null> {
    const { context } = this.#world;
    return this.#world.run((tx) => closeBill(context, tx, account.id));
  }

  /** Closes what is due at this time; answers which months. */
  async closeAt(account: TestAccount, time: string): Promise<string[]> {
    this.#world.clock.set(at(time));
    const closed: string[] = [];
    for (let month = await this.close(account); month; month = await this.close(account)) closed.push(month);
    return closed;
  }

  /** A month that is closed. */
  async of(account: TestAccount, month: string) {
    const bill = await readBill(this.#world.db.kysely, account.id, month);
    if (!bill) throw new Error(`there is no bill of ${month}`);
    return bill;
  }

  /** What is shown of a month; of the running one without one. */
  async view(account: TestAccount, month?: string) {
    return readBillView(this.#world.context, this.#world.db.kysely, await account.read(), month);
  }

  /** Fails where books, or bills and what they list, do not agree. */
  async expectRight(account: TestAccount): Promise<void> {
    await expectBooksRight(this.#world.db, account.id);
    expect(await findDifferences(this.#world.db.kysely, account.id)).toEqual([]);
  }
}

/** The figures that are not zero, as decimal text. */
export function moved(figures: BillFigures): Record<string, string> {
  const text = (micro: bigint) => `${micro < 0n ? '-' : ''}${Number(micro < 0n ? -micro : micro) / 1_000_000}`;
  return Object.fromEntries(
    Object.entries(figures)
      .filter(([, amount]) => amount !== 0n)
      .map(([name, amount]) => [name, text(amount)]),
  );
}

/** A line by what it says, without its time and the ids. */
export function brief(line: BillLine): Record<string, unknown> {
  const said = Object.entries(line).filter(([, value]) => value !== null && value !== false);
  return Object.fromEntries(said.filter(([name]) => !['planId', 'at', 'key'].includes(name)));
}
