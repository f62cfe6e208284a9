import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { addOffers } from '../../src/services/catalogue.ts';
import { meterUsage } from '../../src/services/metering.ts';
import { reviewAccount } from '../../src/services/review.ts';
import { inTransaction } from '../../src/store/database.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import { aReport, NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, OFFER } from './bot-world.ts';

const { db } = await createTestDatabase();

/** Uses up all segments while auto-renewal is off; what is told of it. */
async function exhausted(world: BotWorld) {
  await ensurePartitions(db.kysely, NOW, NOW);
  const report = aReport({ id: randomUUID(), segments: 50_000, at: world.clock.now() });
  await inTransaction(db, (tx) => meterUsage(world.context, tx, world.accountId, [report]));
  await inTransaction(db, (tx) => reviewAccount(world.context, tx, world.accountId));
  const told = (await world.notices()).find(({ reason }) => reason === 'quota_exhausted');
  if (!told) throw new Error('nothing was told of the quota');
  return told.content;
}

it('given auto-renewal off and no plan chosen, then the alert asks for one first, and no button is refused', async () => {
  const world = await new BotWorld(db).setUp({
    language: 'en',
    policy: { enabled: false, offerId: null, threshold: 0n },
  });
  const { markdown, buttons } = await exhausted(world);
  expect(markdown).toContain('no plan that it could buy is chosen');
  expect(markdown).not.toContain('at once');
  const commands = buttons.map(({ command }) => command);
  expect(commands).toContain('settings offer');
  expect(commands).not.toContain('auto-renew on');
  expect((await world.say(ADMIN, 'settings offer')).content.markdown).toContain(OFFER.title);
});

it('given auto-renewal off and a plan chosen, then it can be turned on', async () => {
  const world = await new BotWorld(db).setUp({ language: 'zh-CN', policy: { enabled: false } });
  const { markdown, buttons } = await exhausted(world);
  expect(markdown).toContain('会立即购买新套餐');
  expect(buttons.map(({ command }) => command)).toContain('自动续费 开');
});

it('given auto-renewal off and its plan not sold any more, then too', async () => {
  const world = await new BotWorld(db).setUp({ language: 'en', policy: { enabled: false } });
  // The last test, because it ends the sale for all.
  const withdrawal = { id: OFFER.id, version: 2, effectiveFrom: NOW, withdrawn: true } as const;
  await inTransaction(db, (tx) => addOffers(world.context, tx, [withdrawal]));
  const { buttons } = await exhausted(world);
  expect(buttons.map(({ command }) => command)).not.toContain('auto-renew on');
});
