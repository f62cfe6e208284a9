import { describe, expect, it, onTestFinished } from 'vitest';
import type { Bot } from '../../src/bot/bot.ts';
import { createLogger } from '../../src/log.ts';
import { openDatabase } from '../../src/store/database.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld } from './bot-world.ts';

const { db, url } = await createTestDatabase();

/** The message that commits; `read committed` is in the one that begins. */
const COMMIT = 'commit\0';

/** A bot whose connection to the database breaks where it is told to. */
async function aBotOnBadWire(world: BotWorld): Promise<{ bot: Bot; proxy: TcpProxy }> {
  const address = new URL(url);
  const proxy = await TcpProxy.start(address.hostname, Number(address.port || 5432));
  address.port = String(proxy.port);
  const database = openDatabase({ url: address.href, logger: createLogger({ level: 'silent' }) });
  onTestFinished(async () => {
    await database.close();
    await proxy.stop();
  });
  return { bot: world.anotherBot(undefined, database), proxy };
}

describe('Bot: when the connection to the database breaks', () => {
  it.each([
    ['before the message is accepted', 'insert into "inbox"', 'cut before'],
    ['after the message is accepted', 'insert into "inbox"', 'cut after'],
    ['before the setting is changed', 'insert into "renewal_policies"', 'cut before'],
    ['after the setting is changed', 'insert into "renewal_policies"', 'cut after'],
    ['before the answer is queued', 'insert into "notices"', 'cut before'],
    ['after the answer is queued', 'insert into "notices"', 'cut after'],
    ['before the commit arrives', COMMIT, 'cut before'],
    ['after the commit, so that nobody knows', COMMIT, 'cut after'],
  ] as const)(
    'given it breaks %s, then the message has one effect and one answer (promises 1 and 2)',
    async (_, text, fault) => {
      const world = await new BotWorld(db).setUp();
      const { bot, proxy } = await aBotOnBadWire(world);
      const message = world.message(ADMIN, '自动续费 关');
      proxy.strikeAt(text, fault);
      await bot.handleMessage(message);
      expect(proxy.struck).toBe(1);
      expect(await world.isAutoRenewalOn()).toBe(false);
      expect((await world.answerTo(message.messageId)).content.title).toBe('自动续费：已关闭');

      // Said again, or pushed again to another process, it changes nothing.
      await world.say(ADMIN, '自动续费 开');
      await bot.handleMessage(message);
      await world.bot.handleMessage(message);
      expect(await world.isAutoRenewalOn()).toBe(true);
    },
  );

  it('given the database is gone, then the message is not accepted, and saying it again is safe', async () => {
    const world = await new BotWorld(db).setUp();
    const { bot, proxy } = await aBotOnBadWire(world);
    await proxy.stop();
    const message = world.message(ADMIN, '自动续费 关');
    await expect(bot.handleMessage(message)).rejects.toThrow();
    expect(await world.isAutoRenewalOn()).toBe(true);
    await world.bot.handleMessage(message);
    expect(await world.isAutoRenewalOn()).toBe(false);
  });
});
