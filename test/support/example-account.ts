import { parseMoney } from '../../src/domain/money.ts';
import { ALWAYS } from '../../src/domain/offer.ts';
import { createAccount } from '../../src/services/accounts.ts';
import type { ServiceContext } from '../../src/services/context.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import { insertOffers } from '../../src/store/plans.ts';
import type { Tx } from '../../src/store/schema.ts';
import { insertTariff } from '../../src/store/tariffs.ts';
import { GROUP } from './sandbox-world.ts';

/** A catalogue for whole programs: ¥0.045 a segment, ¥0.040 in months of more than 100,000; 12,000 for ¥500 and 20,000 for ¥800. */
export async function addExampleCatalogue(tx: Tx, now: Temporal.Instant): Promise<void> {
  const tiers = [
    { upTo: 100_000, price: '0.045' },
    { upTo: null, price: '0.040' },
  ];
  await insertTariff(
    tx,
    {
      id: 'test',
      version: 1,
      currency: 'CNY',
      effectiveFrom: '2020-01-01T00:00:00Z',
      mode: 'volume',
      planUsageCounts: false,
      mainland: { verification: tiers, notification: tiers, promotion: tiers },
      international: { HK: '0.40' },
    },
    now,
  );
  const offer = { version: 1, effectiveFrom: ALWAYS, currency: 'CNY', validityMonths: 12, renewalDiscountBp: 0 };
  await insertOffers(tx, [
    { ...offer, id: 'plan-12000', title: '12,000 条', segments: 12_000n, price: parseMoney('500') },
    { ...offer, id: 'plan-20000', title: '20,000 条', segments: 20_000n, price: parseMoney('800') },
  ]);
}

/** An account of that catalogue, with nothing in it and no group. */
export function openExampleAccount(context: ServiceContext, tx: Tx): Promise<string> {
  return createAccount(context, tx, {
    name: '示例科技',
    tariffId: 'test',
    timeZone: 'Asia/Shanghai',
    defaultTemplateType: 'notification',
    creditLimit: 0n,
    overdueGraceHours: 0,
  });
}

/** Gives an account a group of the emulator's world, with zhangwei as its administrator. */
export async function authorizeExampleGroup(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  { conversationId = GROUP, title = '短信运维群' } = {},
): Promise<void> {
  await authorizeGroup(context, tx, {
    accountId,
    conversation: { corpId: 'dingtestcorp', conversationId },
    title,
    language: 'zh-CN',
    actor: { staffId: 'zhangwei', name: '张伟' },
  });
}
