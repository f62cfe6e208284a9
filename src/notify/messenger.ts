import { renderCard } from '../dingtalk/card-template.ts';
import { DingTalkError } from '../dingtalk/errors.ts';
import { LIMITS, type OpenApi } from '../dingtalk/open-api.ts';
import type { Logger } from '../log.ts';
import type { LeasedNotice } from '../store/notice-queue.ts';
import type { NoticeTarget } from '../store/notices.ts';
import { actionCard, actionCardMessage } from './action-card.ts';
import type { Form } from './forms.ts';
import type { Pictures } from './pictures.ts';
import { fitted, markdownWithHint, markdownWithMentions, plainText } from './render.ts';

/** Some parameters of a message beside its text, in a reply: what the platform counts of them, and room. */
const REPLY_MARGIN_BYTES = 200;

const TEXT_FORMS: ReadonlySet<Form> = new Set(['group_text', 'direct_text', 'log']);
const CARD_FORMS: ReadonlySet<Form> = new Set(['card', 'direct_card', 'card_change']);

export interface MessengerOptions {
  /** Where the operator is told when no conversation of theirs can be reached. Default: nowhere, and the form fails. */
  readonly logger?: Logger;
  /** Whether an answer may go through a conversation's webhook now. Default: always. */
  readonly mayReply?: (conversationId: string) => Promise<boolean>;
  /** Puts a content's pictures into its markdown. Default: they are left out. */
  readonly pictures?: Pictures;
  /** How the robot is called in groups, so that a button can mention it. Default: not known, and such a button may go unheard. */
  readonly robotName?: string | null;
}

/** Says a notice in one form through DingTalk. */
export class Messenger {
  readonly #api: OpenApi;
  readonly #cardTemplateId: string;
  readonly #options: MessengerOptions;

  constructor(api: OpenApi, cardTemplateId: string, options: MessengerOptions = {}) {
    this.#api = api;
    this.#cardTemplateId = cardTemplateId;
    this.#options = options;
  }

  /**
   * @param share of the platform's limits on sizes that is used: less than 1 when it has refused more
   * @throws DingTalkError, which says what can be done; RangeError for a form that the notice's target cannot take
   */
  async say(given: LeasedNotice, form: Form, share = 1): Promise<void> {
    const notice = await this.#pictured(given, form, share);
    const { content, target } = notice;
    switch (form) {
      case 'card':
        await this.#api.createCard({
          ...this.#card(notice, share),
          openSpace: { kind: 'group', conversationId: conversationOf(target), mentions: content.mentions },
        });
        return;
      case 'direct_card':
        await this.#api.createCard({
          ...this.#card(notice, share),
          openSpace: { kind: 'direct', userId: onlyPersonOf(target) },
        });
        return;
      case 'card_change':
        await this.#api.updateCard({ outTrackId: outTrackIdOf(notice), params: cardParams(notice, share) });
        return;
      case 'card_unchanged':
        return;
      case 'session_buttons':
      case 'session':
        await this.#reply(notice, form, share);
        return;
      case 'group_buttons':
        await this.#api.sendGroupMessage({
          conversationId: conversationOf(target),
          ...actionCardMessage(content, this.#robotName, LIMITS.msgParamBytes * share),
        });
        return;
      case 'direct_buttons':
        await this.#sayDirectly(peopleOf(target), actionCardMessage(content, null, LIMITS.msgParamBytes * share));
        return;
      case 'group_markdown':
      case 'group_text':
        await this.#api.sendGroupMessage({ conversationId: conversationOf(target), ...message(notice, form, share) });
        return;
      case 'direct_markdown':
      case 'direct_text':
        await this.#sayDirectly(peopleOf(target), message(notice, form, share));
        return;
      case 'log':
        this.#log(notice);
        return;
    }
  }

  /** With its pictures in its text, where the form can show them; what had to be shortened goes without. */
  async #pictured(notice: LeasedNotice, form: Form, share: number): Promise<LeasedNotice> {
    const { pictures } = this.#options;
    const { content } = notice;
    if (!pictures || !content.pictures?.length || share < 1 || TEXT_FORMS.has(form)) return notice;
    return {
      ...notice,
      content: await pictures.inMarkdown(content, CARD_FORMS.has(form) ? 'card' : 'message', notice.attempts),
    };
  }

  async #reply({ target, content }: LeasedNotice, form: 'session' | 'session_buttons', share: number): Promise<void> {
    if (target.type !== 'reply' || target.webhook === undefined) throw misfit('session', target);
    const { mayReply } = this.#options;
    if (mayReply && !(await mayReply(target.conversationId))) {
      throw new DingTalkError({ call: 'replyToSession', code: 'local.replyLimit', kind: 'not_allowed' });
    }
    const at = { atUserIds: content.mentions.map((person) => person.userId) };
    const robotName = target.conversationKind === 'group' ? this.#robotName : null;
    const body = fitted(content, LIMITS.replyBytes * share - REPLY_MARGIN_BYTES, (said) =>
      form === 'session_buttons'
        ? { msgtype: 'actionCard', actionCard: actionCard(said, robotName) }
        : { msgtype: 'markdown', markdown: { title: said.title, text: markdownWithMentions(said) }, at },
    );
    await this.#api.replyToSession(target.webhook, body);
  }

  get #robotName(): string | null {
    return this.#options.robotName ?? null;
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

  #log({ reason, accountId, content, target }: LeasedNotice): void {
    const { logger } = this.#options;
    if (target.type !== 'operator' || !logger) throw misfit('log', target);
    logger.error({ code: reason, account: accountId, text: plainText(content) }, `to the operator: ${content.title}`);
  }

  #card(notice: LeasedNotice, share: number) {
    return {
      outTrackId: outTrackIdOf(notice),
      templateId: this.#cardTemplateId,
      params: cardParams(notice, share),
      summary: notice.content.title,
    };
  }
}

/** What a card may hold is not documented, so nothing is cut before the platform has refused it. */
function cardParams({ content }: LeasedNotice, share: number): Record<string, string> {
  if (share === 1) return renderCard(content);
  return fitted(content, LIMITS.msgParamBytes * share, renderCard);
}

function message(
  notice: LeasedNotice,
  form: Form,
  share: number,
): { msgKey: string; msgParam: Record<string, string> } {
  const { content } = notice;
  if (form === 'group_text' || form === 'direct_text') {
    return { msgKey: 'sampleText', msgParam: { content: plainText(content) } };
  }
  const write = (said: typeof content) => ({ title: said.title, text: markdownWithHint(said) });
  return { msgKey: 'sampleMarkdown', msgParam: fitted(content, LIMITS.msgParamBytes * share, write) };
}

function conversationOf(target: NoticeTarget): string {
  if (target.type === 'direct' || target.conversationId === null) throw misfit('group', target);
  return target.conversationId;
}

function peopleOf(target: NoticeTarget): readonly string[] {
  if (target.type === 'group') return target.directTo;
  if (target.type === 'operator') return target.staffIds;
  return [onlyPersonOf(target)];
}

function onlyPersonOf(target: NoticeTarget): string {
  if (target.type === 'direct') return target.userId;
  if (target.type === 'card' && target.userId !== undefined) return target.userId;
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
