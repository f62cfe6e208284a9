import { beforeAll, describe, expect, test } from 'vitest';
import { requestAction } from '../../src/services/actions/request.ts';
import { listPending } from '../../src/services/approvals.ts';
import { readAutoRenewal } from '../../src/services/auto-renewal.ts';
import type { Actor } from '../../src/services/roles.ts';
import { decideOn, OUTSIDER } from '../support/approvals.ts';
import { ADMIN, BillingWorld, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

describe('requests to switch auto-renewal (rule 16)', () => {
  async function offAccount() {
    world.clock.set(NOW);
    const account = await world.openAccount();
    await account.grant('sms-5000');
    await account.renewal({ enabled: false, threshold: 1_000n });
    await account.news();
    return account;
  }

  function ask(account: TestAccount, enabled: boolean, actor: Actor) {
    const action = { type: 'switch_auto_renewal', enabled } as const;
    return world.run((tx) => requestAction(world.context, tx, account.group, actor, action));
  }

  async function request(account: TestAccount, enabled: boolean, actor: Actor = MEMBER) {
    const result = await ask(account, enabled, actor);
    if (result.type !== 'requested') throw new Error(`it was ${result.type}, not requested`);
    return result.approval;
  }

  async function isOn(account: TestAccount) {
    return (await readAutoRenewal(db.kysely, account.id, world.clock.now())).policy.enabled;
  }

  test('rule 16: given a member asks, then nothing changes until an administrator approves', async () => {
    const account = await offAccount();
    const { code } = await request(account, true);
    expect(await isOn(account)).toBe(false);
    expect(await account.news()).toMatchObject([{ kind: 'approval_requested', requesterName: '李娜', code }]);
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'done' } });
    expect(await isOn(account)).toBe(true);
  });

  test('rule 16: given it is rejected, then nothing changes', async () => {
    const account = await offAccount();
    const { code } = await request(account, true);
    expect(await decideOn(world, account, code, false)).toMatchObject({ approval: { outcome: 'declined' } });
    expect(await isOn(account)).toBe(false);
  });

  test.each([
    ['it is so already', false, MEMBER, 'already_so'],
    ['someone from outside asks', true, OUTSIDER, 'identity_unknown'],
  ])('given %s, then the request is refused', async (_, enabled, actor, code) => {
    const account = await offAccount();
    await expect(request(account, enabled, actor)).rejects.toMatchObject({ code });
    expect(await account.news()).toEqual([]);
  });

  test('given the same request waits already, then the second one names it', async () => {
    const account = await offAccount();
    const { code } = await request(account, true);
    await expect(request(account, true)).rejects.toMatchObject({ code: 'already_requested', details: { code } });
  });

  test('given an administrator has yet to confirm the same, then a member need not wait for that', async () => {
    const account = await world.openAccount();
    const { corpId, conversationId, title } = account.group;
    const group = { corpId, conversationId, title };
    const action = { type: 'change_settings', group, setting: 'alerts_to', before: 'group', after: 'both' } as const;
    const ask = (actor: Actor) => world.run((tx) => requestAction(world.context, tx, account.group, actor, action));
    expect(await ask(ADMIN)).toMatchObject({ type: 'confirm' });
    expect(await ask(MEMBER)).toMatchObject({ type: 'requested' });
    await expect(ask(MEMBER)).rejects.toMatchObject({ code: 'already_requested' });
  });

  test('given the same request has expired, then it can be asked for again', async () => {
    const account = await offAccount();
    const first = await request(account, true);
    world.pass({ hours: 24 });
    const second = await request(account, true);
    expect(second.id).not.toBe(first.id);
    expect(await listPending(world.context, db.kysely, account.id)).toMatchObject([{ id: second.id }]);
  });

  test('given there is nothing to buy, then the request is refused', async () => {
    const account = await world.openAccount();
    await expect(request(account, true)).rejects.toMatchObject({ code: 'offer_missing' });
  });

  test('given an administrator has switched meanwhile, then the approval has nothing to do', async () => {
    const account = await offAccount();
    const { code } = await request(account, true);
    expect(await ask(account, true, ADMIN)).toEqual({ type: 'done', outcome: 'done' });
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'no_longer_needed' } });
    expect(await isOn(account)).toBe(true);
  });

  test('given the policy no longer allows it, then the approval says that it could not be carried out', async () => {
    const account = await offAccount();
    const { code } = await request(account, true);
    await account.renewal({ enabled: false, threshold: 5_000n });
    expect(await decideOn(world, account, code)).toMatchObject({ approval: { outcome: 'not_carried_out' } });
    expect(await isOn(account)).toBe(false);
  });

  test('rule 16: given a member, when they switch, then it is requested and nothing is switched', async () => {
    const account = await offAccount();
    expect(await ask(account, true, MEMBER)).toMatchObject({ type: 'requested' });
    expect(await isOn(account)).toBe(false);
  });
});
