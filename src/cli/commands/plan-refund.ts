import { z } from 'zod';
import { moneyToDecimal } from '../../domain/money.ts';
import { bilingual } from '../../domain/sentence.ts';
import { refundPlan } from '../../services/refunds.ts';
import { inTransaction } from '../../store/database.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand, nameOf } from '../command.ts';
import { formatCount, formatMoney, formatTime } from '../output.ts';

const required = z.string(bilingual('is missing', '不能缺少'));

export const planRefund = defineCommand({
  name: 'plan refund',
  about: 'Take back an unused, valid plan whole: its price returns to the balance',
  options: {
    account: { value: 'ACCOUNT', about: 'its id or name' },
    plan: { value: 'PLAN', about: 'the id of the plan; "plan list" shows it' },
    reason: { value: 'REASON', about: 'why, for the record and the receipt' },
  },
  input: z.object({
    account: required,
    plan: z.uuid(bilingual('must be the id of a plan; "plan list" shows it', '须为套餐的 id，用 plan list 查看')),
    reason: nameOf(200).optional(),
  }),
  run: async (session, { account: named, plan: planId, reason = null }) => {
    const { db, context } = session;
    const account = await findAccount(session, named);
    const { plan, isNew, renews } = await inTransaction(db, (tx) =>
      refundPlan(context, tx, { accountId: account.id, planId, reason, by: 'cli' }),
    );
    const { title, total, price, refundedAt } = plan;
    const at = refundedAt ? formatTime(refundedAt, account.timeZone) : '';
    const amount = formatMoney(price, account.currency);
    return {
      json: {
        accountId: account.id,
        planId,
        title,
        segments: Number(total),
        amount: moneyToDecimal(price),
        refundedAt: refundedAt?.toString() ?? null,
        isNew,
        renews,
      },
      lines: [
        isNew
          ? `The plan "${title}" of "${account.name}" is refunded: ${formatCount(total)} segments are gone, ${amount} are back.`
          : `The plan "${title}" was refunded on ${at} already; nothing was changed.`,
        ...(renews ? ['Auto-renewal is on and due without it: it buys a new plan at the next review.'] : []),
      ],
    };
  },
});
