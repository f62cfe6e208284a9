import { renderCard } from '../dingtalk/card-template.ts';
import { DingTalkError } from '../dingtalk/errors.ts';
import { LIMITS, type OpenApi } from '../dingtalk/open-api.ts';
import type { LeasedNotice, NoticeTarget } from '../store/notices.ts';
import type { Form } from './forms.ts';
import { markdownWithHint, markdownWithMentions, plainText } from './render.ts';

/** Says a notice in one form through DingTalk. */
export class Messenger {
  readonly #api: OpenApi;
  readonly #cardTemplateId: string;

  constructor(api: OpenApi, cardTemplateId: string) {
    this.#api = api;
    this.#cardTemplateId = cardTemplateId;
  }

  /** @throws DingTalkError, which says what can be done; RangeError for a form that the notice's target cannot take */
  async say(notice: LeasedNotice, form: Form): Promise<void> {
    const { content, target } = notice;
    switch (form) {
      case 'card':
        await this.#api.createCard({
          ...this.#card(notice),
          openSpace: { kind: 'group', conversationId: conversationOf(target), mentions: content.mentions },
        });
        return;
      case 'direct_card':
        await this.#api.createCard({
          ...this.#card(notice),
          openSpace: { kind: 'direct', userId: onlyPersonOf(target) },
        });
        return;
      case 'card_change':
        await this.#api.updateCard({ outTrackId: outTrackIdOf(notice), params: renderCard(content) });
        return;
      case 'session':
        if (target.type !== 'reply') throw misfit(form, target);
        await this.#api.replyToSession(target.webhook, {
          msgtype: 'markdown',
          markdown: { title: content.title, text: markdownWithMentions(content) },
          at: { atUserIds: content.mentions.map((person) => person.userId) },
        });
        return;
      case 'group_markdown':
      case 'group_text':
        await this.#api.sendGroupMessage({ conversationId: conversationOf(target), ...message(notice, form) });
        return;
      case 'direct_markdown':
      case 'direct_text':
        await this.#sayDirectly(peopleOf(target), message(notice, form));
        return;
    }
  }

  /** Fails only when nobody got it: the others would get it twice. */
  async #sayDirectly(
    userIds: readonly string[],
    text: { msgKey: string; msgParam: Record<string, string> },
  ): Promise<void> {
    let missed = 0;
    let flowControlled = 0;
    for (let start = 0; start < userIds.length; start += LIMITS.directRecipients) {
      const some = userIds.slice(start, start + LIMITS.directRecipients);
      const { invalidUserIds, flowControlledUserIds } = await this.#api.sendDirectMessage({ userIds: some, ...text });
      missed += invalidUserIds.length + flowControlledUserIds.length;
      flowControlled += flowControlledUserIds.length;
    }
    if (missed < userIds.length) return;
    throw new DingTalkError(
      flowControlled > 0
        ? { call: 'sendDirectMessage', code: 'local.flowControlled', kind: 'throttled' }
        : { call: 'sendDirectMessage', code: 'local.nobodyReached', kind: 'gone' },
    );
  }

  #card(notice: LeasedNotice) {
    return {
      outTrackId: outTrackIdOf(notice),
      templateId: this.#cardTemplateId,
      params: renderCard(notice.content),
      summary: notice.content.title,
    };
  }
}

function message(notice: LeasedNotice, form: Form): { msgKey: string; msgParam: Record<string, string> } {
  const { content } = notice;
  return form === 'group_text' || form === 'direct_text'
    ? { msgKey: 'sampleText', msgParam: { content: plainText(content) } }
    : { msgKey: 'sampleMarkdown', msgParam: { title: content.title, text: markdownWithHint(content) } };
}

function conversationOf(target: NoticeTarget): string {
  if (target.type === 'direct') throw misfit('group', target);
  return target.conversationId;
}

function peopleOf(target: NoticeTarget): readonly string[] {
  if (target.type === 'group') return target.directTo;
  return [onlyPersonOf(target)];
}

function onlyPersonOf(target: NoticeTarget): string {
  if (target.type === 'direct') return target.userId;
  if (target.type === 'reply' && target.userId !== null) return target.userId;
  throw misfit('direct', target);
}

function outTrackIdOf(notice: LeasedNotice): string {
  if (notice.outTrackId === null) throw misfit('card', notice.target);
  return notice.outTrackId;
}

function misfit(form: string, target: NoticeTarget): RangeError {
  return new RangeError(`a notice to "${target.type}" cannot be said as ${form}`);
}
