import { afterEach, describe, expect, test } from 'vitest';
import { type Acknowledgement, ROBOT_TOPIC } from '../../src/sandbox/gateway.ts';
import { STEPS, type Step } from '../../src/steps.ts';
import { holdAccount } from '../support/hold-account.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, FaultWorld } from './support/fault-world.ts';
import { AT_MONTH_END, BY_USAGE, IN_CHAT, KEEP } from './support/kill-steps.ts';
import { expectNothingLostOrDoubled } from './support/oracle.ts';
import { isRenewing, plansOf } from './support/reading.ts';

const world = await FaultWorld.start(await createTestDatabase());
const { db, sandbox } = world;

afterEach(() => expectNothingLostOrDoubled(world));

test('given the steps that the program names, then a replica is killed at each of them', () => {
  expect(new Set([...IN_CHAT, ...BY_USAGE, ...AT_MONTH_END, KEEP])).toEqual(new Set(STEPS));
});

function acknowledged(after: number): boolean {
  return sandbox.acknowledgements.entries.slice(after).some(({ topic, code }) => topic !== 'ping' && code === 200);
}

/** The steps of a delivery are gone through for others, too. */
function killAt(step: Step) {
  return step === 'command.receive' ? { step } : { step, since: 'command.receive' as const };
}

describe('given a replica that is killed while it answers (promises 1, 2, 4 and 5)', () => {
  test.each(IN_CHAT)('when a command is at %s, then it has one effect and one answer', async (step) => {
    const account = await world.openAccount();
    const victim = await world.oneReplica();
    await world.quiet();
    const before = sandbox.acknowledgements.entries.length;
    await victim.tell({ killAt: killAt(step) });
    const { seq } = sandbox.say(account.group, ADMIN, '自动续费 关');
    expect(await victim.ended).toEqual({ code: null, signal: 'SIGKILL' });

    const isAcknowledged = acknowledged(before);
    await world.takeOver();
    // What was not acknowledged may come again; what was, does not.
    if (!isAcknowledged) sandbox.faults.repeatFrame('other');
    await world.hears(account, /自动续费：已关闭/, seq);
    await world.quiet();
    expect(world.saidIn(account, seq)).toHaveLength(1);
    expect(await isRenewing(db, account)).toBe(false);
  });

  test.each(IN_CHAT)('when a click that buys is at %s, then one plan is bought and told', async (step) => {
    const account = await world.openAccount();
    const victim = await world.oneReplica();
    await world.quiet();
    const { seq } = sandbox.say(account.group, ADMIN, '购买 plan-20000');
    const card = await world.hears(account, /请确认/, seq);
    await world.quiet();
    const confirm = card.buttons.find(({ label }) => label === '确认');
    await victim.tell({ killAt: killAt(step) });
    const clicked = sandbox.click(card.outTrackId ?? '', ADMIN, confirm?.id ?? '');
    await victim.ended;
    const { acknowledged: isAcknowledged } = await clicked;

    await world.takeOver();
    // Who is told that the click failed clicks again.
    if (!isAcknowledged) {
      const again = await sandbox.click(card.outTrackId ?? '', ADMIN, confirm?.id ?? '');
      expect(again).toMatchObject({ acknowledged: true, problem: null });
    }
    await world.quiet();
    expect(await plansOf(db, account)).toEqual(['grant', 'purchase']);
    const told = world.saidIn(account, seq).map(({ title, text }) => `${title} ${text}`);
    expect(told.filter((text) => /购买成功|已购买/.test(text)).length).toBeGreaterThan(0);
  });

  test.each([
    { at: KEEP, name: 'is about to be kept' },
    { at: undefined, name: 'was kept and acknowledged' },
  ])('when a command that waits $name, then it has one effect and one answer', async ({ at }) => {
    const account = await world.openAccount();
    const victim = await world.oneReplica();
    await world.quiet();
    const letGo = await holdAccount(db, account.id);
    const before = sandbox.acknowledgements.entries.length;
    if (at) await victim.tell({ killAt: { step: at } });
    const { seq } = sandbox.say(account.group, ADMIN, '自动续费 关');
    if (at) {
      await victim.ended;
    } else {
      const isNew = (ack: Acknowledgement) => sandbox.acknowledgements.entries.indexOf(ack) >= before;
      await sandbox.acknowledgements.waitFor((ack) => ack.topic === ROBOT_TOPIC && isNew(ack));
      await victim.kill();
    }
    await letGo();
    await world.takeOver();
    expect(acknowledged(before)).toBe(at === undefined);
    if (at) sandbox.faults.repeatFrame('other');
    await world.hears(account, /自动续费：已关闭/, seq);
    await world.quiet();
    expect(world.saidIn(account, seq).filter(({ title }) => title?.includes('已关闭'))).toHaveLength(1);
    expect(await isRenewing(db, account)).toBe(false);
  });
});
