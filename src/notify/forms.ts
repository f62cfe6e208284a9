import type { NoticeContent, NoticeTarget } from '../store/notices.ts';

/** A way in which a notice can be said. The first form is the best; the next ones are for when it fails. (rule 22) */
export type Form =
  | 'card'
  | 'card_change'
  | 'session'
  | 'group_markdown'
  | 'group_text'
  | 'direct_card'
  | 'direct_markdown'
  | 'direct_text'
  /** For the operator alone: an error in the log. */
  | 'log';

/** The forms that a notice may take now, in the order in which they are tried. */
export function formsFor(target: NoticeTarget, content: NoticeContent, now: Temporal.Instant): Form[] {
  switch (target.type) {
    case 'card':
      return target.userId === undefined
        ? ['card_change', 'group_markdown', 'group_text']
        : ['card_change', 'direct_markdown', 'direct_text'];
    case 'group': {
      const direct: Form[] = target.directTo.length > 0 ? ['direct_markdown', 'direct_text'] : [];
      return ['card', 'group_markdown', 'group_text', ...direct];
    }
    case 'direct':
      return content.buttons.length > 0
        ? ['direct_card', 'direct_markdown', 'direct_text']
        : ['direct_markdown', 'direct_text'];
    case 'reply':
      return replyForms(target, content.buttons.length > 0, now);
    case 'operator': {
      const group: Form[] = target.conversationId === null ? [] : ['card', 'group_markdown', 'group_text'];
      const direct: Form[] = target.staffIds.length === 0 ? [] : ['direct_markdown', 'direct_text'];
      return [...group, ...direct, 'log'];
    }
  }
}

/** A conversation's own webhook costs least; only a card can have buttons. */
function replyForms(target: NoticeTarget & { type: 'reply' }, hasButtons: boolean, now: Temporal.Instant): Form[] {
  const isOpen =
    target.webhook !== undefined && Temporal.Instant.compare(now, Temporal.Instant.from(target.webhookExpiresAt)) < 0;
  const session: Form[] = isOpen ? ['session'] : [];
  const direct: Form[] = target.userId === null ? [] : ['direct_markdown', 'direct_text'];
  if (target.conversationKind === 'group') {
    const card: Form[] = hasButtons ? ['card'] : [];
    return [...card, ...session, 'group_markdown', 'group_text', ...direct];
  }
  return hasButtons && target.userId !== null ? ['direct_card', ...session, ...direct] : [...session, ...direct];
}
