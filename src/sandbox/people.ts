import { z } from 'zod';
import { type CardParams, renderCard } from './card-templates.ts';
import { answerClick, cardFace } from './cards.ts';
import { BOT, type Message } from './conversations.ts';
import { SandboxError } from './errors.ts';
import { CARD_TOPIC, ROBOT_TOPIC } from './gateway.ts';
import { downloadCodeOf, pictureType } from './media.ts';
import { mentionsIn, reason } from './message-content.ts';
import type { Platform } from './platform.ts';
import { type Conversation, type Person, platformId, unionIdOf } from './world.ts';

/** A `sessionWebhook` is good for 90 minutes. */
const SESSION_LIFETIME_MS = 90 * 60_000;
const TEXT_MAX = 5_000;

/** What became of a click. */
export interface ClickResult {
  /** Whether the bot answered within the platform's limit. */
  readonly acknowledged: boolean;
  readonly code: number | null;
  /** The `response` of the bot's answer; null where there is none. */
  readonly response: unknown;
  /** Why the card was not changed although the bot answered; null where nothing is wrong. */
  readonly problem: string | null;
}

const cardMapSchema = z.object({ cardParamMap: z.record(z.string(), z.string()) });
const answerSchema = z.object({
  response: z
    .object({
      cardUpdateOptions: z
        .object({ updateCardDataByKey: z.boolean().default(false), updatePrivateDataByKey: z.boolean().default(false) })
        .default({ updateCardDataByKey: false, updatePrivateDataByKey: false }),
      cardData: cardMapSchema.nullish(),
      userPrivateData: cardMapSchema.nullish(),
    })
    .nullish(),
});

/** What people do: they type, and they click on cards. */
export class People {
  readonly #platform: Platform;
  readonly #callbackTimeoutMs: number;

  /** @param callbackTimeoutMs real time that the bot has to answer a card's callback */
  constructor(platform: Platform, callbackTimeoutMs: number) {
    this.#platform = platform;
    this.#callbackTimeoutMs = callbackTimeoutMs;
  }

  /**
   * A person types `text`; in a group they mention the bot. The message goes to one of the bot's connections, or is lost to the bot
   * where none is open. Throws a `SandboxError` where the person is not in the conversation.
   */
  say(conversationId: string, userId: string, text: string): Message {
    const { directory, conversations, gateway } = this.#platform;
    const { conversation, person } = this.#present(conversationId, userId);
    if (text.trim() === '')
      throw new SandboxError(
        400,
        'text_empty',
        { english: 'There is nothing to send.', chinese: '没有要发送的内容。' },
        'text',
      );
    if (text.length > TEXT_MAX) {
      throw new SandboxError(
        400,
        'text_too_long',
        { english: `A message has at most ${TEXT_MAX} characters.`, chinese: `一条消息最多 ${TEXT_MAX} 个字。` },
        'text',
      );
    }
    const isGroup = conversation.type === 'group';
    const botMention = `@${directory.app.robotName}`;
    const spoken = isGroup ? text.replace(botMention, '') : text;
    const others = isGroup
      ? mentionsIn(
          spoken,
          conversation.members.map((member) => member.userId),
        )
      : [];
    return conversations.post(
      {
        conversationId,
        from: userId,
        kind: 'text',
        text: isGroup && spoken === text ? `${botMention} ${text}` : text,
        mentions: isGroup ? [BOT, ...others] : [],
      },
      (id, at) => {
        const content = isGroup ? ` ${spoken.replace(/^ /, '')}` : spoken;
        const push = () =>
          this.#robotMessage(conversation, person, id, at, others, { msgtype: 'text', text: { content } });
        return gateway.push({ type: 'CALLBACK', topic: ROBOT_TOPIC }, push) !== null;
      },
    );
  }

  /**
   * A person sends the bot a picture, which it can download. Throws a `SandboxError` where that is no picture, or not a direct
   * conversation: in a group a message has to mention the bot.
   */
  sendPicture(conversationId: string, userId: string, picture: Buffer): Message {
    const { conversations, gateway, media } = this.#platform;
    const { conversation, person } = this.#present(conversationId, userId);
    if (conversation.type === 'group') {
      throw new SandboxError(400, 'picture_in_group', {
        english: 'A picture mentions nobody: in a group the bot does not get it.',
        chinese: '图片不能 @ 人：在群里机器人收不到它。',
      });
    }
    if (pictureType(picture) === undefined) {
      throw new SandboxError(
        400,
        'not_a_picture',
        { english: 'A picture is a PNG, JPEG, GIF or BMP file.', chinese: '图片须为 PNG、JPEG、GIF 或 BMP 文件。' },
        'picture',
      );
    }
    const mediaId = media.add(picture);
    const downloadCode = downloadCodeOf(mediaId);
    const said = { msgtype: 'picture', content: { downloadCode, pictureDownloadCode: downloadCode } };
    return conversations.post({ conversationId, from: userId, kind: 'image', text: mediaId }, (id, at) => {
      const push = () => this.#robotMessage(conversation, person, id, at, [], said);
      return gateway.push({ type: 'CALLBACK', topic: ROBOT_TOPIC }, push) !== null;
    });
  }

  /**
   * A person has read a conversation up to the message `seq`. Returns how many messages they had not read before.
   * Throws a `SandboxError` where the person is not in the conversation.
   */
  read(conversationId: string, userId: string, seq: number): number {
    this.#present(conversationId, userId);
    return this.#platform.conversations.read(conversationId, userId, seq);
  }

  /**
   * A person clicks on a card's button; waits for the bot's answer as long as the platform does. A late answer changes nothing.
   * Throws a `SandboxError` where that person sees no such card or button, or the button cannot be clicked.
   */
  async click(outTrackId: string, userId: string, actionId: string): Promise<ClickResult> {
    const { directory, conversations, gateway } = this.#platform;
    const card = conversations.card(outTrackId);
    const shownTo = conversations
      .cardMessages(outTrackId)
      .find(
        (message) =>
          directory.isMember(message.conversationId, userId) && (message.visibleTo?.includes(userId) ?? true),
      );
    if (card === undefined || shownTo === undefined) {
      throw new SandboxError(404, 'card_unknown', {
        english: `${directory.nameOf(userId)} sees no card ${outTrackId}.`,
        chinese: `${directory.nameOf(userId)} 看不到卡片 ${outTrackId}。`,
      });
    }
    const button = cardFace(card, userId).buttons.find((one) => one.id === actionId);
    if (button === undefined) {
      const known = renderCard(card.templateId, card.params).buttons.map((one) => one.id);
      throw new SandboxError(
        404,
        'button_unknown',
        {
          english: `The card has no button ${actionId}, but: ${known.join(', ')}.`,
          chinese: `卡片上没有按钮 ${actionId}，只有：${known.join('，')}。`,
        },
        'actionId',
      );
    }
    if (button.disabled)
      throw new SandboxError(
        409,
        'button_disabled',
        { english: `The button ${actionId} is disabled.`, chinese: `按钮 ${actionId} 已停用。` },
        'actionId',
      );
    if (!button.callsBack || card.callbackType !== 'STREAM') {
      throw new SandboxError(
        409,
        'button_without_callback',
        {
          english: `The button ${actionId} does not call back to the bot.`,
          chinese: `按钮 ${actionId} 不会回调机器人。`,
        },
        'actionId',
      );
    }
    const content = JSON.stringify({ cardPrivateData: { actionIds: [actionId], params: button.params } });
    const messageId = gateway.push({ type: 'CALLBACK', topic: CARD_TOPIC }, () => ({
      type: 'actionCallback',
      outTrackId,
      corpId: directory.corpId,
      userId: card.userIdType === 2 ? unionIdOf(userId) : userId,
      userIdType: card.userIdType,
      spaceType: 'im',
      // In a conversation with the robot, the space of a card is the person.
      spaceId: directory.conversation(shownTo.conversationId)?.type === 'direct' ? userId : shownTo.conversationId,
      extension: '{}',
      content,
      value: content,
    }));
    const answer = messageId === null ? null : await gateway.acknowledgementOf(messageId, this.#callbackTimeoutMs);
    if (answer === null) return { acknowledged: false, code: null, response: null, problem: 'no answer in time' };
    return { acknowledged: true, code: answer.code, ...this.#apply(outTrackId, userId, answer.code, answer.data) };
  }

  /** The conversation, and the person in it. */
  #present(conversationId: string, userId: string): { conversation: Conversation; person: Person } {
    const { directory } = this.#platform;
    const conversation = directory.conversation(conversationId);
    if (conversation === undefined) {
      throw new SandboxError(404, 'conversation_unknown', {
        english: `There is no conversation ${conversationId}.`,
        chinese: `没有会话 ${conversationId}。`,
      });
    }
    const person = directory.person(userId);
    if (person === undefined)
      throw new SandboxError(
        400,
        'person_unknown',
        { english: `Nobody has the userId ${userId}.`, chinese: `没有 userId 为 ${userId} 的人。` },
        'userId',
      );
    if (!directory.isMember(conversationId, userId)) {
      throw new SandboxError(
        403,
        'not_a_member',
        { english: `${person.name} is not in this conversation.`, chinese: `${person.name} 不在这个会话里。` },
        'userId',
      );
    }
    return { conversation, person };
  }

  #apply(
    outTrackId: string,
    userId: string,
    code: number,
    data: string,
  ): { response: unknown; problem: string | null } {
    let value: unknown;
    try {
      value = data === '' ? {} : JSON.parse(data);
    } catch (error) {
      return { response: null, problem: `data: ${reason(error)}` };
    }
    const response = z.looseObject({ response: z.unknown() }).safeParse(value).data?.response ?? null;
    if (code !== 200) return { response, problem: `the bot answered with code ${code}` };
    const parsed = answerSchema.safeParse(value);
    if (!parsed.success) return { response, problem: reason(parsed.error) };
    const card = this.#platform.conversations.card(outTrackId);
    const given = parsed.data.response;
    if (card !== undefined && given != null) {
      const paramsOf = (map: { cardParamMap: CardParams } | null | undefined) => map?.cardParamMap;
      const changed = answerClick(card, userId, {
        cardData: paramsOf(given.cardData),
        userPrivateData: paramsOf(given.userPrivateData),
        byKey: given.cardUpdateOptions.updateCardDataByKey,
        privateByKey: given.cardUpdateOptions.updatePrivateDataByKey,
      });
      if (changed !== card) this.#platform.conversations.saveCard(changed);
    }
    return { response, problem: null };
  }

  /** The robot callback of a message, with every field that the platform's documentation names. */
  #robotMessage(
    conversation: Conversation,
    person: Person,
    msgId: string,
    at: number,
    mentioned: readonly string[],
    said: Record<string, unknown>,
  ): Record<string, unknown> {
    const { directory, conversations } = this.#platform;
    const { app, corpId } = directory;
    const session = conversations.openSession(conversation, person.userId, SESSION_LIFETIME_MS);
    const robotId = platformId(`robot:${app.robotCode}`);
    const isGroup = conversation.type === 'group';
    return {
      senderPlatform: 'Mac',
      conversationId: conversation.id,
      conversationType: isGroup ? '2' : '1',
      ...(isGroup
        ? {
            conversationTitle: conversation.title,
            atUsers: [{ dingtalkId: robotId }, ...mentioned.map((userId) => this.#atUser(userId))],
            isInAtList: true,
          }
        : {}),
      chatbotCorpId: corpId,
      chatbotUserId: robotId,
      msgId,
      senderNick: person.name,
      senderId: platformId(person.userId),
      senderStaffId: person.external ? '' : person.userId,
      senderCorpId: corpId,
      isAdmin: false,
      sessionWebhook: `${this.#platform.url()}/robot/sendBySession?session=${session.id}`,
      sessionWebhookExpiredTime: session.expiresAt,
      createAt: at,
      robotCode: app.robotCode,
      ...this.#withinQuota(said),
    };
  }

  /** Once the month's pushes are used up, a push tells that instead of what was said. */
  #withinQuota(said: Record<string, unknown>): Record<string, unknown> {
    if (this.#platform.quota.take('pushes')) return said;
    return { errorCode: '20001', errorMessage: '企业本月的 Stream 推送次数已用完' };
  }

  #atUser(userId: string): Record<string, string> {
    const staff = this.#platform.directory.staff(userId);
    return { dingtalkId: platformId(userId), ...(staff === undefined ? {} : { staffId: userId }) };
  }
}
