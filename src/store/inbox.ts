import type { Tx } from './schema.ts';

/** Accepts a message or click once: false when this one has had its effect already. (promise: at most once) */
export async function acceptMessage(
  tx: Tx,
  message: { corpId: string; messageId: string },
  now: Temporal.Instant,
): Promise<boolean> {
  const inserted = await tx
    .insertInto('inbox')
    .values({ corp_id: message.corpId, message_id: message.messageId, received_at: now })
    .onConflict((oc) => oc.doNothing())
    .returning('message_id')
    .executeTakeFirst();
  return inserted !== undefined;
}

/** Forgets messages that were accepted before `before`; how many they were. */
export async function forgetMessages(tx: Tx, before: Temporal.Instant): Promise<bigint> {
  const result = await tx.deleteFrom('inbox').where('received_at', '<', before).executeTakeFirst();
  return result.numDeletedRows;
}
