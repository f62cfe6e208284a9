import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import { readWorldFile } from '../../src/sandbox-world.ts';
import type { ServiceContext } from '../../src/services/context.ts';
import { reviewAccount } from '../../src/services/review.ts';
import { setUpWorld } from '../../src/services/world.ts';
import { readWorldView } from '../../src/services/world-view.ts';
import { type Database, inTransaction } from '../../src/store/database.ts';
import { expectBooksRight } from '../support/books.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { createTestDatabase } from '../support/test-database.ts';

const WORLDS = fileURLToPath(new URL('../../worlds/', import.meta.url));
const NOW = '2026-03-10T12:34:56.789+08:00';

/** What each shipped world is, and what is told of it when it is looked at for the first time. */
const SHIPPED = {
  'first-start': { accounts: [{ standing: 'clear', sending: 'allowed', quota: 14_200, groups: 1 }], told: [] },
  'busy-company': {
    accounts: [
      { standing: 'clear', sending: 'allowed', quota: 24_000, groups: 2 },
      { standing: 'clear', sending: 'allowed', quota: 15_000, groups: 1 },
    ],
    told: [],
  },
  overdue: {
    accounts: [{ standing: 'overdue', sending: 'suspended', quota: 0, groups: 1 }],
    told: ['overdue', 'quota_exhausted', 'renewal_failed'],
  },
} as const;

const databases = new Map<string, Database>();
for (const id of Object.keys(SHIPPED)) databases.set(id, (await createTestDatabase()).db);

test('given the shipped worlds, then each is known here and bears the name of its file', async () => {
  const files = (await readdir(WORLDS)).filter((name) => name.endsWith('.json'));
  expect(files.sort()).toEqual(
    Object.keys(SHIPPED)
      .sort()
      .map((id) => `${id}.json`),
  );
  for (const id of Object.keys(SHIPPED)) expect((await readWorldFile(join(WORLDS, `${id}.json`))).id).toBe(id);
});

describe.each(Object.entries(SHIPPED))('given the world %s', (id, { accounts, told }) => {
  test('when it is set up, looked at, and set up again, then it is what it says, by its entries, and told once', async () => {
    const db = databases.get(id);
    if (!db) throw new Error('each world has its database');
    const clock = new ManualClock(NOW);
    const context: ServiceContext = {
      clock,
      compose: ({ kind }) => ({ title: kind, markdown: '', buttons: [], hint: '', mentions: [] }),
    };
    const { content } = await readWorldFile(join(WORLDS, `${id}.json`));
    for (let round = 0; round < 2; round += 1) {
      await setUpWorld(context, db, content);
      const view = await readWorldView(context, db);
      for (const account of view.accounts) await inTransaction(db, (tx) => reviewAccount(context, tx, account.id));
      clock.set(clock.now().add({ minutes: 10 }));
    }
    const view = await readWorldView(context, db);
    const groups = await db.kysely.selectFrom('groups').select('account_id').execute();
    expect(
      view.accounts.map(({ id: accountId, standing, sending, quota }) => ({
        standing,
        sending,
        quota,
        groups: groups.filter((group) => group.account_id === accountId).length,
      })),
    ).toEqual(accounts);
    const notices = await db.kysely.selectFrom('notices').select('reason').execute();
    expect(notices.map(({ reason }) => reason).sort()).toEqual(told);
    for (const account of view.accounts) await expectBooksRight(db, account.id);
  });
});

describe('given a world file that cannot be used', () => {
  const good = async () => JSON.parse(await readFile(join(WORLDS, 'first-start.json'), 'utf8'));

  async function refusal(content: unknown): Promise<string> {
    const file = join(await scratchFolder(), 'mine.json');
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    const error: unknown = await readWorldFile(file).catch((refused: unknown) => refused);
    expect(error).toMatchObject({ code: 'world_invalid' });
    const { message } = error as Error;
    expect(message).toContain(file);
    expect(message).toContain('npm start -- --world FILE');
    return message;
  }

  test('when it is not there, then its path and the remedy are said', async () => {
    await expect(readWorldFile('/nowhere/world.json')).rejects.toMatchObject({
      code: 'world_unreadable',
      message: expect.stringMatching(/\/nowhere\/world\.json[\s\S]*worlds\/first-start\.json/),
    });
  });

  test('when it is not JSON, then that is said', async () => {
    expect(await refusal('{\n  "id": first\n}')).toMatch(/not JSON: Unexpected token/);
  });

  test('when fields are missing, misspelt or of the wrong kind, then all of them are named at once', async () => {
    const world = await good();
    delete world.id;
    world.acounts = [];
    world.dingtalk.people[0].name = '';
    world.offers[1].price = 2150;
    world.accounts[0].past[1].daysAgo = 400;
    const message = await refusal(world);
    for (const field of ['id:', 'acounts', 'dingtalk.people.0.name', 'offers.1.price', 'accounts.0.past.1.daysAgo']) {
      expect(message).toContain(field);
    }
  });

  test('when it names what it does not have, then each place is named', async () => {
    const world = await good();
    const [account] = world.accounts;
    account.tariff = 'none';
    account.past[1].offer = 'none';
    account.autoRenewal.offer = 'none';
    account.groups[0].corpId = 'other';
    account.groups[0].administrators[0].staffId = 'zhaomin';
    account.groups.push({ ...account.groups[0], conversationId: 'cidNowhere' });
    const message = await refusal(world);
    for (const field of [
      'accounts.0.tariff',
      'accounts.0.past.1.offer',
      'accounts.0.autoRenewal.offer',
      'accounts.0.groups.0.corpId',
      'accounts.0.groups.0.administrators.0.staffId',
      'accounts.0.groups.1.conversationId',
    ]) {
      expect(message).toContain(`${field}: `);
    }
  });
});
