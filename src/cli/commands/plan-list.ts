import { z } from 'zod';
import { moneyToDecimal } from '../../domain/money.ts';
import { planStateOf } from '../../domain/plan.ts';
import { listPlans } from '../../store/plans.ts';
import { findAccount, onlyAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';
import { formatCount, formatMoney, formatTime, table } from '../output.ts';

export const planList = defineCommand({
  name: 'plan list',
  about: 'Show all plans of an account, what they have left and what became of them',
  options: { account: { value: 'ACCOUNT', about: 'its id or name; default: the only one' } },
  input: z.object({ account: z.string().optional() }),
  run: async (session, input) => {
    const { db, context } = session;
    const account =
      input.account === undefined ? await onlyAccount(session) : await findAccount(session, input.account);
    const now = context.clock.now();
    const plans = (await listPlans(db.kysely, account.id)).map((plan) => ({ ...plan, state: planStateOf(plan, now) }));
    const json = plans.map((plan) => ({
      planId: plan.id,
      title: plan.title,
      source: plan.source,
      state: plan.state,
      total: Number(plan.total),
      remaining: Number(plan.remaining),
      price: moneyToDecimal(plan.price),
      effectiveAt: plan.effectiveAt.toString(),
      expiresAt: plan.expiresAt.toString(),
      refundedAt: plan.refundedAt?.toString() ?? null,
    }));
    if (plans.length === 0) return { json, lines: [`"${account.name}" has had no plan yet.`] };
    const rows = plans.map((plan) => [
      plan.id,
      plan.title,
      plan.source,
      plan.state.replace('_', ' '),
      `${formatCount(plan.remaining)} of ${formatCount(plan.total)}`,
      formatMoney(plan.price, account.currency),
      formatTime(plan.effectiveAt, account.timeZone),
      formatTime(plan.expiresAt, account.timeZone),
    ]);
    const head = ['PLAN', 'TITLE', 'FROM', 'STATE', 'LEFT', 'PRICE', 'SINCE', 'UNTIL'];
    return { json, lines: table([head, ...rows], [4, 5]) };
  },
});
