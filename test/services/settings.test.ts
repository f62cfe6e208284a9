import { describe, expect, test } from 'vitest';
import type { ApprovalAction } from '../../src/domain/approval.ts';
import type { SettingChange, SettingName, SettingValue } from '../../src/domain/settings.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import { decide } from '../../src/services/approvals.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import { setTwoPerson } from '../../src/services/second-person.ts';
import { currentValue, readGroupSettings } from '../../src/services/settings.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { type Group, insertAdministrator } from '../../src/store/groups.ts';
import { readPolicy } from '../../src/store/renewals.ts';
import { readSettings } from '../../src/store/settings.ts';
import { ADMIN, BillingWorld, kinds, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);
const OTHER = { staffId: 'wangqiang', name: '王强' };

const read = async (group: Group, setting: SettingName) =>
  currentValue(await readGroupSettings(db.kysely, group, world.clock.now()), setting);

async function changeOf(account: TestAccount, setting: SettingName, after: SettingValue): Promise<ApprovalAction> {
  const { corpId, conversationId, title } = account.group;
  const before = await read(account.group, setting);
  return { type: 'change_settings', group: { corpId, conversationId, title }, setting, before, after };
}

const ask = async (account: TestAccount, setting: SettingName, after: SettingValue, actor = ADMIN) => {
  const action = await changeOf(account, setting, after);
  return world.run((tx) => requestAction(world.context, tx, account.group, actor, action));
};

/** Asks and confirms. */
async function change(account: TestAccount, setting: SettingName, after: SettingValue): Promise<string> {
  const result = await ask(account, setting, after);
  if (result.type === 'done') return result.outcome;
  const { code } = result.approval;
  const decision = await world.run((tx) => decide(world.context, tx, account.group, ADMIN, { code, approve: true }));
  if (decision.type !== 'decided') throw new Error(decision.type);
  return decision.approval.outcome;
}

async function secondGroup(account: TestAccount): Promise<Group> {
  const conversationId = `second-${account.id}`;
  const input = { title: '二群', language: 'en', actor: OTHER, accountId: account.id } as const;
  await world.run((tx) =>
    authorizeGroup(world.context, tx, { ...input, conversation: { corpId: 'corp', conversationId } }),
  );
  return { corpId: 'corp', conversationId, accountId: account.id, title: '二群', language: 'en' };
}

const EVERY: readonly (readonly [SettingName, SettingValue])[] = [
  ['threshold', '2000'],
  ['offer', { id: 'sms-5000', name: '5,000 segments' }],
  ['purchases_per_day', '7'],
  ['purchases_per_month', '31'],
  ['money_per_month', yuan('9000').toString()],
  ['approval_above', yuan('300').toString()],
  ['alert_share', '20'],
  ['alert_share', null],
  ['balance_alert', yuan('500').toString()],
  ['balance_alert', null],
  ['alerts_to', 'both'],
  ['quiet_hours', '22:00-08:00'],
  ['quiet_hours', null],
  ['second_contact', { id: 'liuyang', name: '刘洋' }],
  ['second_contact', null],
  ['escalate_after', '45'],
  ['spike_factor', '8'],
  ['digest_at', '18:30'],
  ['digest_at', null],
  ['monthly_digest_at', '18:30'],
  ['monthly_digest_at', null],
  ['language', 'en'],
];

describe('changing a setting (rule 16)', () => {
  test('given each setting, when an administrator changes it, then it is as it was asked for, and nothing else is', async () => {
    const account = await world.openAccount();
    for (const [setting, after] of EVERY) {
      const before = await readGroupSettings(db.kysely, account.group, world.clock.now());
      if (JSON.stringify(currentValue(before, setting)) === JSON.stringify(after)) continue;
      expect(await change(account, setting, after), setting).toBe('done');
      const now = await readGroupSettings(db.kysely, account.group, world.clock.now());
      expect(currentValue(now, setting)).toEqual(after);
      for (const [other] of EVERY.filter(([name]) => name !== setting)) {
        expect(currentValue(now, other), `${other} after ${setting}`).toEqual(currentValue(before, other));
      }
    }
  });

  test('given an administrator, then what spends or hides waits to be confirmed, and a brake and a language act at once', async () => {
    const account = await world.openAccount();
    await change(account, 'money_per_month', yuan('9000').toString());
    const confirmed = [
      ['threshold', '2000'],
      ['purchases_per_day', '5'],
      ['money_per_month', yuan('9001').toString()],
      ['money_per_month', null],
      ['balance_alert', yuan('500').toString()],
      ['alerts_to', 'direct'],
      ['quiet_hours', '22:00-08:00'],
      ['second_contact', { id: 'x', name: 'x' }],
    ] as const;
    for (const [setting, after] of confirmed) {
      const before = await read(account.group, setting);
      expect(await ask(account, setting, after)).toMatchObject({ type: 'confirm' });
      expect(await read(account.group, setting), 'nothing before it is confirmed').toEqual(before);
    }
    const atOnce = [
      ['purchases_per_day', '1'],
      ['purchases_per_month', '2'],
      ['money_per_month', yuan('100').toString()],
      ['approval_above', '0'],
      ['language', 'en'],
    ] as const;
    for (const [setting, after] of atOnce) {
      expect(await ask(account, setting, after), setting).toEqual({ type: 'done', outcome: 'done' });
      expect(await read(account.group, setting)).toEqual(after);
    }
  });

  test('given a member, then the administrators are asked, and nothing changes before they approve', async () => {
    const account = await world.openAccount();
    const result = await ask(account, 'purchases_per_day', '1', MEMBER);
    expect(result).toMatchObject({ type: 'requested', secondPerson: false });
    expect((await readPolicy(db.kysely, account.id)).purchasesPerDay).toBe(3);
    if (result.type !== 'requested') throw new Error(result.type);
    const { code } = result.approval;
    await world.run((tx) => decide(world.context, tx, account.group, ADMIN, { code, approve: true }));
    expect((await readPolicy(db.kysely, account.id)).purchasesPerDay).toBe(1);
  });

  test('given a second person is demanded, then who asks for a change does not approve it, and the other one does', async () => {
    const account = await world.openAccount();
    await world.run(async (tx) => {
      await insertAdministrator(tx, account.group, OTHER, world.clock.now());
      await setTwoPerson(world.context, tx, await lockAccount(tx, account.id), { enabled: true, byName: 'x' });
    });
    const result = await ask(account, 'threshold', '2000');
    expect(result).toMatchObject({ type: 'requested', secondPerson: true });
    if (result.type !== 'requested') throw new Error(result.type);
    const approve = (actor: typeof ADMIN) =>
      world.run((tx) => decide(world.context, tx, account.group, actor, { code: result.approval.code, approve: true }));
    await expect(approve(ADMIN)).rejects.toMatchObject({ code: 'own_request' });
    expect(await approve(OTHER)).toMatchObject({ type: 'decided', approval: { outcome: 'done' } });
    expect(await read(account.group, 'threshold')).toBe('2000');
  });

  test('given somebody without a staff id, then nothing can be asked for', async () => {
    const account = await world.openAccount();
    const action = await changeOf(account, 'threshold', '2000');
    const external = { staffId: null, name: '赵敏' };
    await expect(
      world.run((tx) => requestAction(world.context, tx, account.group, external, action)),
    ).rejects.toMatchObject({ code: 'identity_unknown' });
  });

  test('given several groups, then the others are told who changed what from what to what, and this one is not', async () => {
    const account = await world.openAccount();
    const other = await secondGroup(account);
    await account.news();
    await change(account, 'threshold', '2000');
    const told = await account.news();
    expect(told).toMatchObject([
      { kind: 'setting_changed', setting: 'threshold', before: '0', after: '2000', byName: ADMIN.name },
    ]);
    const { recipient } = await db.kysely
      .selectFrom('notices')
      .select('recipient')
      .where('account_id', '=', account.id)
      .where('reason', '=', 'setting_changed')
      .executeTakeFirstOrThrow();
    expect(recipient).toBe(`corp/${other.conversationId}`);
    await change(account, 'language', 'en');
    expect(await account.news(), "a language is its own group's affair").toEqual([]);
  });

  test('rule 17: given the setting was changed meanwhile, then what was asked for on the old value is not carried out, and says why', async () => {
    const account = await world.openAccount();
    const stale = await ask(account, 'threshold', '3000', MEMBER);
    if (stale.type !== 'requested') throw new Error(stale.type);
    await change(account, 'threshold', '2000');
    const { code } = stale.approval;
    const decision = await world.run((tx) => decide(world.context, tx, account.group, ADMIN, { code, approve: true }));
    expect(decision).toMatchObject({ approval: { outcome: 'not_carried_out', problem: { code: 'setting_moved' } } });
    expect(await read(account.group, 'threshold')).toBe('2000');
  });

  test('given a request for what has become so, then the next review closes it', async () => {
    const account = await world.openAccount();
    await ask(account, 'threshold', '2000', MEMBER);
    await account.renewal({ enabled: false, offerId: null, threshold: 2_000n });
    await account.review();
    const { state, outcome } = await db.kysely
      .selectFrom('approvals')
      .select(['state', 'outcome'])
      .where('account_id', '=', account.id)
      .where('requested_by', '=', MEMBER.staffId)
      .executeTakeFirstOrThrow();
    expect({ state, outcome }).toEqual({ state: 'closed', outcome: 'no_longer_needed' });
  });

  test('given a changed wish of the same person, then it takes the place of the earlier one', async () => {
    const account = await world.openAccount();
    const first = await ask(account, 'threshold', '2000');
    await ask(account, 'threshold', '3000');
    if (first.type !== 'confirm') throw new Error(first.type);
    const { code } = first.approval;
    expect(
      await world.run((tx) => decide(world.context, tx, account.group, ADMIN, { code, approve: true })),
    ).toMatchObject({ type: 'late' });
    expect(await read(account.group, 'threshold')).toBe('0');
  });
});

describe('what may be set (rule 13)', () => {
  const refused: readonly (readonly [SettingName, SettingValue, string])[] = [
    ['threshold', '200000001', 'threshold_out_of_range'],
    ['purchases_per_day', '0', 'guard_out_of_range'],
    ['purchases_per_month', '0', 'guard_out_of_range'],
    ['purchases_per_day', '3000000000', 'guard_out_of_range'],
    ['money_per_month', (10n ** 21n).toString(), 'guard_out_of_range'],
    ['offer', { id: 'nothing', name: 'x' }, 'offer_unknown'],
    ['alert_share', '0', 'alert_share_out_of_range'],
    ['alert_share', '100', 'alert_share_out_of_range'],
    ['balance_alert', '0', 'balance_alert_out_of_range'],
    ['balance_alert', yuan('1000000000001').toString(), 'balance_alert_out_of_range'],
    ['quiet_hours', '22:00-22:00', 'quiet_hours_invalid'],
    ['quiet_hours', '24:00-08:00', 'time_of_day_invalid'],
    ['escalate_after', '0', 'escalation_out_of_range'],
    ['spike_factor', '1', 'spike_factor_out_of_range'],
    ['escalate_after', '10081', 'escalation_out_of_range'],
    ['digest_at', '9:00', 'time_of_day_invalid'],
    ['monthly_digest_at', '24:00', 'time_of_day_invalid'],
  ];
  test.each(refused)('given %s %j, then it is refused with %s', async (setting, after, code) => {
    const account = await world.openAccount();
    await expect(ask(account, setting, after)).rejects.toMatchObject({ code });
  });

  test('given an offer that cannot lift the quota above the threshold, then either is refused, also while it is off', async () => {
    const account = await world.openAccount();
    await change(account, 'offer', { id: 'sms-100', name: '100 segments' });
    expect((await readPolicy(db.kysely, account.id)).enabled).toBe(false);
    await expect(ask(account, 'threshold', '100')).rejects.toMatchObject({ code: 'offer_too_small' });
    await change(account, 'threshold', '99');
    await change(account, 'offer', { id: 'sms-5000', name: '5,000 segments' });
    await change(account, 'threshold', '4999');
    await expect(ask(account, 'offer', { id: 'sms-100', name: '100 segments' })).rejects.toMatchObject({
      code: 'offer_too_small',
    });
  });

  test('given the value that it has, then it is refused as unchanged', async () => {
    const account = await world.openAccount();
    await expect(ask(account, 'purchases_per_day', '3')).rejects.toMatchObject({ code: 'setting_unchanged' });
  });

  test("given a change of another account's group, then it is refused", async () => {
    const [account, other] = [await world.openAccount(), await world.openAccount()];
    const action = (await changeOf(other, 'threshold', '2000')) as ApprovalAction & SettingChange;
    await expect(
      world.run((tx) => requestAction(world.context, tx, account.group, ADMIN, action)),
    ).rejects.toMatchObject({ code: 'group_gone' });
  });
});

describe('the amount of the balance alert (rule 20)', () => {
  test('given an amount above what is available, then it is told as soon as it is set, and another amount re-arms it', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount();
    await account.recharge('400');
    await account.review();
    await account.news();
    await change(account, 'balance_alert', yuan('500').toString());
    expect(await readSettings(db.kysely, account.id)).toMatchObject({
      balanceAlert: { below: yuan('500'), setAt: NOW },
    });
    await account.review();
    expect(kinds(await account.news())).toEqual(['low_balance']);

    world.pass({ minutes: 1 });
    await change(account, 'balance_alert', yuan('350').toString());
    await account.review();
    expect(await account.news()).toEqual([]);
    world.pass({ minutes: 1 });
    await account.use(1_010, { destination: 'international', country: 'US' });
    await account.review();
    expect(await account.news()).toMatchObject([{ kind: 'low_balance', below: String(yuan('350')) }]);
  });

  test('given another setting is changed, then the amount keeps the moment from which it holds', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount();
    await change(account, 'balance_alert', yuan('500').toString());
    world.pass({ minutes: 1 });
    await change(account, 'alert_share', '30');
    expect((await readSettings(db.kysely, account.id)).balanceAlert?.setAt).toEqual(NOW);
  });
});

describe("the quota alert's second level (rule 19)", () => {
  test('given a share of 20 %, then half of the threshold is no news, and a fifth of it is', async () => {
    const account = await world.openAccount();
    await account.recharge('100000');
    await account.grant('sms-5000');
    await change(account, 'threshold', '1000');
    await change(account, 'alert_share', '20');
    await account.review();
    await account.news();
    await account.use(4_000);
    await account.review();
    expect(await account.news()).toMatchObject([{ kind: 'quota_low', level: 1, share: 100 }]);
    await account.use(600);
    await account.review();
    expect(kinds(await account.news())).toEqual([]);
    await account.use(200);
    await account.review();
    expect(await account.news()).toMatchObject([{ kind: 'quota_low', level: 2, share: 20, quota: '200' }]);
  });

  test('given no share, then nothing is told between the threshold and the end', async () => {
    const account = await world.openAccount();
    await account.recharge('100000');
    await account.grant('sms-5000');
    await change(account, 'threshold', '1000');
    await change(account, 'alert_share', null);
    expect((await readSettings(db.kysely, account.id)).alertShare).toBeNull();
    await account.use(4_000);
    await account.review();
    await account.news();
    await account.use(999);
    await account.review();
    expect(await account.news()).toEqual([]);
    await account.use(1);
    await account.review();
    expect(kinds(await account.news())).toContain('quota_exhausted');
  });
});
