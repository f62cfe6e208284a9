import { describe, expect, it } from 'vitest';
import { fromMessage, type NameOf } from '../../src/bot/inbound.ts';
import { createLogger } from '../../src/log.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld } from './bot-world.ts';

const { db } = await createTestDatabase();
const logger = createLogger({ level: 'silent', name: 'test' });
const world = new BotWorld(db);
const DIRECTORY: Record<string, string | null> = { lina: '李娜', wangqiang: '王 强\u202e', left: null };
const nameOf: NameOf = async (staffId) => DIRECTORY[staffId];

async function mentioning(text: string, staffIds: readonly (string | null)[], names: NameOf = nameOf) {
  const mentions = staffIds.map((staffId) => ({ dingtalkId: '$:x', staffId }));
  return fromMessage(world.message(ADMIN, text, { mentions }), names, logger);
}

describe('mentions', () => {
  it('given people whom the platform says are mentioned, then they are known by their ids, with their names', async () => {
    const { mentions, text } = await mentioning('管理员 添加 @李娜 @wangqiang', ['lina', 'wangqiang']);
    expect(mentions).toEqual([
      { staffId: 'lina', name: '李娜' },
      { staffId: 'wangqiang', name: '王 强' },
    ]);
    expect(text?.trim()).toBe('管理员 添加');
  });

  it('given a name in the text and nobody mentioned, then nobody is', async () => {
    const { mentions, text } = await mentioning('管理员 添加 @李娜', []);
    expect(mentions).toEqual([]);
    expect(text).toBe('管理员 添加 @李娜');
  });

  it('given people of other organizations, or whom the directory does not know, then they have no staff id', async () => {
    const { mentions } = await mentioning('管理员 添加 @赵敏 @旧人', [null, 'left']);
    expect(mentions.map(({ staffId }) => staffId)).toEqual([null, null]);
  });

  it('given a directory that fails or never answers, then who is mentioned is known all the same', async () => {
    const failing = await mentioning('@李娜', ['lina'], () => Promise.reject(new Error('down')));
    const hanging = await mentioning('@李娜', ['lina'], () => new Promise(() => {}));
    for (const { mentions } of [failing, hanging]) expect(mentions).toEqual([{ staffId: 'lina', name: 'lina' }]);
  });

  it('given more people than any command takes, then the first ten are looked up', async () => {
    const asked: string[] = [];
    const { mentions } = await mentioning(
      'x',
      Array.from({ length: 50 }, (_, n) => `p${n}`),
      async (staffId) => {
        asked.push(staffId);
        return staffId;
      },
    );
    expect([mentions.length, asked.length]).toEqual([10, 10]);
  });
});
