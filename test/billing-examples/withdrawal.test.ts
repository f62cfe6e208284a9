import { expect, test } from 'vitest';
import { RuleError } from '../../src/domain/errors.ts';
import { readSendingState } from '../../src/services/sending.ts';
import type { TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { at } from '../support/builders.ts';
import { buy } from '../support/purchases.ts';
import { type ExampleRow, tableOf } from '../support/worked-examples.ts';
import { balanceOf, expectAllRead, sampleWorld } from './setup.ts';

const world = await sampleWorld();
const { context, db } = world;

const answerOf = (isNew: boolean) => (isNew ? 'done' : 'done before');

async function withdraw(account: TestAccount, amount: string, mayOverdraw: boolean): Promise<string> {
  try {
    return answerOf(await account.withdraw(amount, 'the mistake', mayOverdraw));
  } catch (error) {
    if (error instanceof RuleError) return error.code;
    throw error;
  }
}

let last = '';

async function happen(account: TestAccount, row: ExampleRow): Promise<string> {
  const what = row.text('what happens');
  const [, amount = '', verb, overdrawing] =
    /^¥([\d.,]+) are (recharged|withdrawn)(, overdrawing)?$/.exec(what.replaceAll(/(?<=\d),/g, '')) ?? [];
  const [, offerId = '', times] = /^(\S+) is bought (\d+) times$/.exec(what) ?? [];
  if (verb === 'recharged') return answerOf(await account.recharge(amount));
  if (verb === 'withdrawn') {
    last = amount;
    return withdraw(account, amount, overdrawing !== undefined);
  }
  if (times !== undefined) {
    for (let count = 0; count < Number(times); count += 1) await buy(world, account, offerId);
    return 'done';
  }
  expect(what).toBe('the same withdrawal again');
  return withdraw(account, last, true);
}

test('a recharge that was a mistake (rules 8 and 9)', async () => {
  world.clock.set(at('2026-03-01'));
  const account = await world.openAccount({ tariffId: 'sample' });
  const { rows } = tableOf('A recharge that was a mistake');
  for (const row of rows) {
    world.clock.set(row.time('at'));
    expect(await happen(account, row)).toBe(row.text('answer'));
    expect(await balanceOf(account)).toBe(row.money('balance'));
    expect((await readSendingState(context, db.kysely, account.id)).sending).toBe(row.text('sending'));
  }
  expectAllRead(rows);
  await expectBooksRight(db, account.id);
});
