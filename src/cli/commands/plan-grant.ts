import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { grantPlan } from '../../services/plans.ts';
import { inTransaction } from '../../store/database.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand, nameOf } from '../command.ts';
import { formatCount, formatTime } from '../output.ts';

export const planGrant = defineCommand({
  name: 'plan grant',
  about: 'Give an account a plan without payment, such as one that was bought elsewhere',
  arguments: [
    { name: 'ACCOUNT', about: 'its id or name' },
    { name: 'OFFER', about: 'the id of a plan offer; "offer list" lists them' },
  ],
  options: { key: { value: 'KEY', about: 'of the purchase, such as its order number: the same key is one plan' } },
  input: z.object({ ACCOUNT: z.string(), OFFER: z.string(), key: nameOf(200).optional() }),
  run: async (session, { ACCOUNT, OFFER, key = randomUUID() }) => {
    const { db, context } = session;
    const { id, name, timeZone } = await findAccount(session, ACCOUNT);
    const plan = await inTransaction(db, (tx) =>
      grantPlan(context, tx, { accountId: id, offerId: OFFER, key, by: 'cli' }),
    );
    return {
      json: {
        accountId: id,
        planId: plan.id,
        title: plan.title,
        segments: Number(plan.total),
        expiresAt: plan.expiresAt.toString(),
        key,
        booked: plan.booked,
      },
      lines: [
        ...(plan.booked ? [] : [`The grant ${key} had been booked before; nothing was changed.`]),
        `"${name}" has the plan "${plan.title}": ${formatCount(plan.total)} segments until ${formatTime(plan.expiresAt, timeZone)}.`,
      ],
    };
  },
});
