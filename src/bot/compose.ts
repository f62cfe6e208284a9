import type { Announcement } from '../domain/announcement.ts';
import type { Audience, Compose } from '../services/context.ts';
import { composeAlert, isAlert } from './compose/alerts.ts';
import { composeApproval, isApproval } from './compose/approvals.ts';
import { composeBill } from './compose/bills.ts';
import { composeDigest, isDigest } from './compose/digests.ts';
import { withEpisode } from './compose/episodes.ts';
import { composeLimitNews, isLimitNews } from './compose/limits.ts';
import { composePurchase, isPurchase } from './compose/purchases.ts';
import { composeReceipt } from './compose/receipts.ts';
import { composeSettingNews, isSettingNews } from './compose/settings.ts';
import { contentOf, type Draft } from './content.ts';
import { plainLine } from './markdown.ts';
import { Writer } from './writer.ts';

const NAME_LENGTH = 20;

/** Puts an announcement into the words of its group: what happened, the figures, what happens next, what one can do. (rules 18 to 21) */
export const compose: Compose = (announcement, audience) => {
  const writer = new Writer(audience);
  const draft = withEpisode(writer, draftOf(writer, announcement), announcement.episode, audience);
  return contentOf(writer, 'group', {
    ...draft,
    paragraphs: [
      ...draft.paragraphs,
      writer.asOf(announcement.episode?.figuresAt ?? audience.at, audience.accountName),
    ],
    mentions: draft.mentions ?? mentionsOf(audience),
  });
};

function draftOf(writer: Writer, announcement: Announcement): Draft {
  if (isAlert(announcement)) return composeAlert(writer, announcement);
  if (isLimitNews(announcement)) return composeLimitNews(writer, announcement);
  if (isApproval(announcement)) return composeApproval(writer, announcement);
  if (announcement.kind === 'bill_closed') return composeBill(writer, announcement);
  if (isDigest(announcement)) return composeDigest(writer, announcement);
  if (isSettingNews(announcement)) return composeSettingNews(writer, announcement);
  if (isPurchase(announcement)) return composePurchase(writer, announcement);
  return composeReceipt(writer, announcement);
}

function mentionsOf({ administrators }: Audience): { userId: string; name: string }[] {
  return administrators.map(({ staffId, name }) => ({
    userId: staffId,
    name: plainLine(name, NAME_LENGTH) || staffId,
  }));
}
