import type { NoticeContent, NoticeTarget } from '../store/notices.ts';

/** A way in which a notice can be said. The first form is the best; the next ones are for when it fails. (rule 22) */
export type Form =
  | 'card'
  | 'card_change'
  /** Of a change that an answer beside the card tells as well: the card stays as it was. */
  | 'card_unchanged'
  /** An action card: a message with buttons that say a command for who presses them. */
  | 'session_buttons'
  | 'session'
  | 'group_buttons'
  | 'group_markdown'
  | 'group_text'
  | 'direct_card'
  | 'direct_buttons'
  | 'direct_markdown'
  | 'direct_text'
  /** For the operator alone: an error in the log. */
  | 'log';

/** Forms that ask nothing of the platform's API, or nothing at all: that they work does not mean that it does. */
export const WITHOUT_API: readonly Form[] = ['card_unchanged', 'session_buttons', 'session', 'log'];

/** The forms that a notice may take now, in the order in which they are tried. */
export function formsFor(target: NoticeTarget, content: NoticeContent, now: Temporal.Instant): Form[] {
  const hasButtons = content.buttons.length > 0;
  const inGroup: Form[] = [...when(hasButtons, 'group_buttons'), 'group_markdown', 'group_text'];
  switch (target.type) {
    case 'card':
      if (target.isSaidBeside) return ['card_change', 'card_unchanged'];
      return target.userId === undefined
        ? ['card_change', ...inGroup]
        : ['card_change', ...when(hasButtons, 'direct_buttons'), 'direct_markdown', 'direct_text'];
    case 'group': {
      // Told one by one, the administrators get no buttons: what they would say directly is not said in the group.
      const direct: Form[] = target.directTo.length > 0 ? ['direct_markdown', 'direct_text'] : [];
      return ['card', ...inGroup, ...direct];
    }
    case 'direct':
      return [...when(hasButtons, 'direct_card', 'direct_buttons'), 'direct_markdown', 'direct_text'];
    case 'reply':
      return replyForms(target, hasButtons, now);
    case 'operator': {
      const group: Form[] = target.conversationId === null ? [] : ['card', ...inGroup];
      const direct: Form[] = target.staffIds.length === 0 ? [] : ['direct_markdown', 'direct_text'];
      return [...group, ...direct, 'log'];
    }
  }
}

/** A conversation's own webhook costs least; a card's buttons are the best. */
function replyForms(target: NoticeTarget & { type: 'reply' }, hasButtons: boolean, now: Temporal.Instant): Form[] {
  const isOpen =
    target.webhook !== undefined && Temporal.Instant.compare(now, Temporal.Instant.from(target.webhookExpiresAt)) < 0;
  const session: Form[] = isOpen ? [...when(hasButtons, 'session_buttons'), 'session'] : [];
  const direct: Form[] = target.userId === null ? [] : ['direct_markdown', 'direct_text'];
  if (target.conversationKind === 'group') {
    return [
      ...when(hasButtons, 'card'),
      ...session,
      ...when(hasButtons, 'group_buttons'),
      'group_markdown',
      'group_text',
      ...direct,
    ];
  }
  if (target.userId === null) return session;
  return [...when(hasButtons, 'direct_card'), ...session, ...when(hasButtons, 'direct_buttons'), ...direct];
}

function when(condition: boolean, ...forms: Form[]): Form[] {
  return condition ? forms : [];
}
