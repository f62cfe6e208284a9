import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { type AccountInput, createAccount } from '../../src/services/accounts.ts';
import { accountOfKey, createApiKey, rotateApiKey } from '../../src/services/api-keys.ts';
import { readOverview } from '../../src/services/overview.ts';
import { readSendingState } from '../../src/services/sending.ts';
import { BillingWorld } from '../support/billing-world.ts';
import { NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

describe('createAccount', () => {
  function create(overrides: Partial<AccountInput>) {
    return world.run((tx) =>
      createAccount(world.context, tx, {
        name: 'Test Ltd',
        tariffId: 'test',
        timeZone: 'Asia/Shanghai',
        defaultTemplateType: 'notification',
        creditLimit: 0n,
        overdueGraceHours: 0,
        ...overrides,
      }),
    );
  }

  test.each([
    ['a tariff that is not there', { tariffId: 'nothing' }, 'tariff_unknown'],
    ['a time zone that is none', { timeZone: 'Mars/Olympus' }, 'time_zone_unknown'],
    ['an offset for a time zone', { timeZone: '+08:00' }, 'time_zone_unknown'],
  ])('given %s, then it is refused', async (_, overrides, code) => {
    await expect(create(overrides)).rejects.toMatchObject({ name: 'InputError', code });
  });

  test('given a new account, then it has a balance of zero in its tariff’s currency and may send', async () => {
    const id = await create({});
    expect(await readOverview(world.context, db.kysely, id)).toMatchObject({
      account: { currency: 'CNY', money: { balance: 0n } },
      sending: 'allowed',
      standing: 'clear',
      available: 0n,
      quota: 0n,
      asOf: NOW,
      plans: [],
      policy: { enabled: false },
      offer: null,
      paygThisMonth: 0n,
    });
  });
});

describe('what a gateway and a group are shown', () => {
  test('rule 9: given an account that becomes overdue and is recharged, then its sending state says so at once', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount({ creditLimit: yuan('10') });
    const state = () => readSendingState(world.context, db.kysely, account.id);
    await account.grant('sms-100');
    expect(await state()).toMatchObject({ sending: 'allowed', standing: 'clear', available: yuan('10'), quota: 100n });
    await account.use(100 + 223);
    expect(await state()).toMatchObject({
      sending: 'suspended',
      standing: 'overdue',
      available: yuan('10') - yuan('0.045') * 223n,
      quota: 0n,
    });
    await account.recharge('0.035');
    expect(await state()).toMatchObject({ sending: 'allowed', standing: 'clear', available: 0n });
  });

  test('rule 9: given a grace, then an overdue account may send until it is over', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount({ overdueGraceHours: 2 });
    await account.use(1);
    const state = () => readSendingState(world.context, db.kysely, account.id);
    expect(await state()).toMatchObject({ sending: 'allowed', standing: 'overdue' });
    world.pass({ hours: 2 });
    expect(await state()).toMatchObject({ sending: 'suspended', standing: 'overdue' });
  });

  test('given plans and use, then the overview has the plans in the order of their use, the burn, and this month’s pay-as-you-go', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount();
    await account.recharge('100');
    const year = await account.grant('sms-5000');
    const month = await account.grant('sms-1000-month');
    await account.use(5_990);
    await account.use(20, { destination: 'international', country: 'HK' });
    await account.use(30, { at: NOW.subtract({ hours: 24 * 40 }) });
    const overview = await readOverview(world.context, db.kysely, account.id);
    expect(overview.plans.map(({ id }) => id)).toEqual([year.id]);
    expect(overview).toMatchObject({ quota: 10n, paygThisMonth: yuan('6') });
    // 5,990 in seven days: the account has been in use for longer than that.
    expect(overview.forecast).toMatchObject({ segmentsPerDay: 855n, basis: 'weekday' });
    expect((await account.plans()).find(({ plan_id }) => plan_id === month.id)).toMatchObject({ remaining: 0n });
  });

  test('given an account that is not there, then it is refused', async () => {
    const missing = randomUUID();
    await expect(readSendingState(world.context, db.kysely, missing)).rejects.toMatchObject({
      code: 'account_unknown',
    });
  });
});

describe('API keys', () => {
  test('given a key, then it names its account, and the database holds nothing of its secret', async () => {
    const account = await world.openAccount();
    const key = await world.run((tx) => createApiKey(world.context, tx, account.id, 'gateway'));
    expect(await accountOfKey(db.kysely, key)).toBe(account.id);
    const secret = key.slice('sk_000000000000_'.length);
    expect(secret).toHaveLength(43);
    const rows = await db.kysely.selectFrom('api_keys').selectAll().where('account_id', '=', account.id).execute();
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  test('given anything that is not a valid key, then it names no account', async () => {
    const account = await world.openAccount();
    const key = await world.run((tx) => createApiKey(world.context, tx, account.id, 'gateway'));
    const last = key.endsWith('A') ? 'B' : 'A';
    const [prefix = '', id = '', secret = ''] = [key.slice(0, 2), key.slice(3, 15), key.slice(16)];
    const others = ['', 'sk_', key.slice(0, -1), `${key.slice(0, -1)}${last}`, `${key} `, key.toUpperCase()];
    for (const other of [...others, `${prefix}_000000000000_${secret}`, `${prefix}_${id}_${'A'.repeat(43)}`]) {
      expect(await accountOfKey(db.kysely, other)).toBeUndefined();
    }
  });

  test('given a key is rotated, then the old one stops working and other labels do not', async () => {
    const account = await world.openAccount();
    const [old, other] = await world.run(async (tx) => [
      await createApiKey(world.context, tx, account.id, 'gateway'),
      await createApiKey(world.context, tx, account.id, 'receipts'),
    ]);
    const fresh = await world.run((tx) => rotateApiKey(world.context, tx, account.id, 'gateway'));
    expect(await accountOfKey(db.kysely, old ?? '')).toBeUndefined();
    expect(await accountOfKey(db.kysely, other ?? '')).toBe(account.id);
    expect(await accountOfKey(db.kysely, fresh)).toBe(account.id);
  });
});
