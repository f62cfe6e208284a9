import { beforeAll, describe, expect, test } from 'vitest';
import type { Message } from '../../src/sandbox/conversations.ts';
import { inTransaction } from '../../src/store/database.ts';
import { addExampleCatalogue, authorizeExampleGroup, openExampleAccount } from '../support/example-account.ts';
import { holdAccount } from '../support/hold-account.ts';
import { runService } from '../support/running-service.ts';
import { GROUP } from '../support/sandbox-world.ts';
import { createTestDatabase } from '../support/test-database.ts';

const database = await createTestDatabase();
const running = await runService(database, { patienceMs: 500 });
const { service, sandbox } = running;
const replica = await running.addReplica();
await sandbox.waitForConnections(2);
let accountId = '';

beforeAll(async () => {
  const { context, db } = service;
  await inTransaction(db, async (tx) => {
    await addExampleCatalogue(tx, context.clock.now());
    accountId = await openExampleAccount(context, tx);
    await authorizeExampleGroup(context, tx, accountId);
  });
  await service.scheduler.tick();
});

const fromBot = (title: string) => (message: Message) =>
  message.from === 'bot' && `${message.title} ${message.text}`.includes(title);

function botMessagesAfter(seq: number): string[] {
  return sandbox.messages(GROUP, { after: seq }).flatMap(({ from, title }) => (from === 'bot' ? [title ?? ''] : []));
}

/** Resolves when both replicas have handled what they got: what is said last in the conversation is answered last. */
async function bothAreIdle(): Promise<void> {
  for (const one of [service, replica]) await one.scheduler.tick();
}

describe('acknowledgement', () => {
  test('given a command that waits, then its frame is acknowledged at once, it says so first, and the answer follows', async () => {
    const release = await holdAccount(service.db, accountId);
    const acknowledged = sandbox.acknowledgements.entries.length;
    const { seq } = sandbox.say(GROUP, 'zhangwei', '自动续费 开');
    await sandbox.acknowledgements.waitFor(() => sandbox.acknowledgements.entries.length > acknowledged);
    const notice = await sandbox.waitForMessage(GROUP, fromBot('正在处理「自动续费 开」'), { after: seq });
    expect(notice.mentions).toEqual(['zhangwei']);
    expect(botMessagesAfter(seq)).toHaveLength(1);
    await release();
    await sandbox.waitForMessage(GROUP, fromBot('还没有选定自动续费要购买的套餐'), { after: notice.seq });
    expect(botMessagesAfter(seq)).toEqual(['收到，正在处理…', '没有执行']);
  });

  test('given a button whose command waits, then the platform has its answer before the command has its account', async () => {
    const { seq } = sandbox.say(GROUP, 'lina', '帮助');
    const card = await sandbox.waitForMessage(GROUP, ({ kind }) => kind === 'card', { after: seq });
    const button = card.buttons.find(({ label }) => label === '余额');
    const release = await holdAccount(service.db, accountId);
    // The commands of one conversation follow each other: this one holds up the button's.
    const held = sandbox.say(GROUP, 'lina', '自动续费 开');
    const { acknowledged, problem } = await sandbox.click(card.outTrackId ?? '', 'lina', button?.id ?? '');
    expect({ acknowledged, problem }).toEqual({ acknowledged: true, problem: null });
    await release();
    await sandbox.waitForMessage(GROUP, fromBot('余额：'), { after: held.seq });
  });

  test('given a message that the platform pushes again, to the other replica, then it has one effect and one answer', async () => {
    for (const on of ['other', 'same'] as const) {
      sandbox.faults.repeatNext(on, 1);
      const before = sandbox.acknowledgements.entries.length;
      const { seq } = sandbox.say(GROUP, 'lina', '余额');
      await sandbox.acknowledgements.waitFor(() => sandbox.acknowledgements.entries.length >= before + 2);
      await sandbox.waitForMessage(GROUP, fromBot('余额：'), { after: seq });
      const later = sandbox.say(GROUP, 'lina', '价格');
      await sandbox.waitForMessage(GROUP, fromBot('价格：'), { after: later.seq });
      await bothAreIdle();
      expect(botMessagesAfter(seq).filter((title) => title.startsWith('余额'))).toHaveLength(1);
    }
  });

  test('given a click that the platform pushes again, to the other replica, then it has one answer', async () => {
    const asked = sandbox.say(GROUP, 'zhangwei', '帮助');
    const card = await sandbox.waitForMessage(GROUP, ({ kind }) => kind === 'card', { after: asked.seq });
    const button = card.buttons.find(({ label }) => label === '余额');
    sandbox.faults.repeatNext('other', 1);
    await sandbox.click(card.outTrackId ?? '', 'zhangwei', button?.id ?? '');
    await sandbox.waitForMessage(GROUP, fromBot('余额：'), { after: card.seq });
    const later = sandbox.say(GROUP, 'lina', '价格');
    await sandbox.waitForMessage(GROUP, fromBot('价格：'), { after: later.seq });
    await bothAreIdle();
    expect(botMessagesAfter(card.seq).filter((title) => title.startsWith('余额'))).toHaveLength(1);
  });
});
