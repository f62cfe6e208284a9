import type { NoticeButton } from './notices.ts';
import type { Executor, Tx } from './schema.ts';

/** A card that was posted, and what its buttons stand for. What a click sends along is never trusted; this is. */
export interface Card {
  readonly outTrackId: string;
  /** Null for a card in a conversation that no account owns. */
  readonly accountId: string | null;
  readonly corpId: string;
  readonly conversationId: string;
  readonly buttons: readonly NoticeButton[];
  /** What the card is about, so that all cards about it can be changed; null for nothing that changes. */
  readonly subject: string | null;
  /** The group in which the buttons of a card in a direct conversation act; null where they act where the card is. Default: null. */
  readonly actsIn?: string | null;
}

export async function insertCard(tx: Tx, card: Card, now: Temporal.Instant): Promise<void> {
  await tx
    .insertInto('cards')
    .values({
      out_track_id: card.outTrackId,
      account_id: card.accountId,
      corp_id: card.corpId,
      conversation_id: card.conversationId,
      buttons: JSON.stringify(card.buttons),
      subject: card.subject,
      acts_in: card.actsIn ?? null,
      created_at: now,
    })
    .execute();
}

/** Gives a card that was not posted yet, or that changes, other buttons. */
export async function changeButtons(tx: Tx, outTrackId: string, buttons: readonly NoticeButton[]): Promise<void> {
  await tx
    .updateTable('cards')
    .set({ buttons: JSON.stringify(buttons) })
    .where('out_track_id', '=', outTrackId)
    .execute();
}

/** Lets the buttons of a card in a direct conversation act in another group. */
export async function actIn(tx: Tx, outTrackId: string, group: string): Promise<void> {
  await tx.updateTable('cards').set({ acts_in: group }).where('out_track_id', '=', outTrackId).execute();
}

export async function readCard(db: Executor, outTrackId: string): Promise<Card | undefined> {
  const row = await db.selectFrom('cards').selectAll().where('out_track_id', '=', outTrackId).executeTakeFirst();
  return (
    row && {
      outTrackId: row.out_track_id,
      accountId: row.account_id,
      corpId: row.corp_id,
      conversationId: row.conversation_id,
      buttons: row.buttons as unknown as NoticeButton[],
      subject: row.subject,
      actsIn: row.acts_in,
    }
  );
}

/** Where the cards about a subject were posted. */
export async function readCardsOfSubject(
  db: Executor,
  accountId: string,
  subject: string,
): Promise<
  Pick<Card & { actsIn: string | null }, 'outTrackId' | 'corpId' | 'conversationId' | 'actsIn' | 'buttons'>[]
> {
  const rows = await db
    .selectFrom('cards')
    .select(['out_track_id', 'corp_id', 'conversation_id', 'acts_in', 'buttons'])
    .where('account_id', '=', accountId)
    .where('subject', '=', subject)
    .execute();
  return rows.map((row) => ({
    outTrackId: row.out_track_id,
    corpId: row.corp_id,
    conversationId: row.conversation_id,
    actsIn: row.acts_in,
    buttons: row.buttons as unknown as NoticeButton[],
  }));
}
