import { beforeAll, describe, expect, test } from 'vitest';
import type { Message } from '../../src/sandbox/conversations.ts';
import { meterUsage } from '../../src/services/metering.ts';
import { grantPlan } from '../../src/services/plans.ts';
import { inTransaction } from '../../src/store/database.ts';
import { aReport } from '../support/builders.ts';
import { addExampleCatalogue, authorizeExampleGroup, openExampleAccount } from '../support/example-account.ts';
import { runService } from '../support/running-service.ts';
import { GROUP } from '../support/sandbox-world.ts';
import { createTestDatabase } from '../support/test-database.ts';

const UPLOAD = '/media/upload';
const database = await createTestDatabase();
const { service, sandbox } = await runService(database);

beforeAll(async () => {
  const { context, db } = service;
  // Starts the jobs, and makes the months' partitions.
  await service.scheduler.tick();
  await inTransaction(db, async (tx) => {
    await addExampleCatalogue(tx, context.clock.now());
    const accountId = await openExampleAccount(context, tx);
    await grantPlan(context, tx, { accountId, offerId: 'plan-12000', key: 'first', by: 'test' });
    await authorizeExampleGroup(context, tx, accountId);
    // A plan covers to the millisecond: the message is surely sent after it was bought.
    const sentAt = context.clock.now().add({ milliseconds: 10 });
    await meterUsage(context, tx, accountId, [aReport({ segments: 480, at: sentAt })]);
  });
});

/** Says something in the group and waits for the bot's answer with this figure; on a slow machine it says first that it is at work. */
async function ask(text: string, figure: string): Promise<Message> {
  const { seq } = sandbox.say(GROUP, 'lina', text);
  const isAnswer = (message: Message) => message.from === 'bot' && message.text.includes(figure);
  return sandbox.waitForMessage(GROUP, isAnswer, { after: seq });
}

/** The picture that a message shows, as the platform serves it. */
async function pictureOf({ text }: Message): Promise<Buffer> {
  const path = /!\[[^\]]+\]\((\/media\/[^)]+)\)/.exec(text)?.[1];
  if (path === undefined) throw new Error(`no picture in: ${text}`);
  const response = await fetch(`${sandbox.url}${path}`);
  expect(response.headers.get('content-type')).toBe('image/png');
  return Buffer.from(await response.arrayBuffer());
}

describe('given an account that is in use', () => {
  test.each([
    ['用量', '480 条'],
    ['余量', '11,520 条'],
    ['usage today', '480 segments'],
  ])('when %s is asked for, then the answer has its figures and a picture that was uploaded', async (said, figure) => {
    const answer = await ask(said, figure);
    const png = await pictureOf(answer);
    expect(png.toString('latin1', 1, 4)).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1_074, 708]);
    expect(answer.buttons.length).toBeGreaterThan(0);
  });

  test('when a picture cannot be uploaded, then the answer comes without it', async () => {
    const body = { errcode: 88, errmsg: 'no permission' };
    sandbox.faults.answerCalls(UPLOAD, { status: 200, body }, 100);
    const answer = await ask('用量 本周', '480 条');
    expect(answer.text).not.toContain('![');
  });
});
