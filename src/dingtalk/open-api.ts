import { z } from 'zod';
import { AccessToken } from './access-token.ts';
import type { CallGate } from './call-gate.ts';
import { DingTalkError, isCallQuotaUsedUp } from './errors.ts';
import { call, type HttpCall } from './http.ts';
import { isSessionWebhookAllowed } from './session-webhook.ts';
import type { DingTalkSettings } from './settings.ts';

/** The platform's limits on what one call may carry. */
export const LIMITS = {
  msgParamBytes: 15_000,
  replyBytes: 20_000,
  directRecipients: 20,
  outTrackIdLength: 64,
  pictureBytes: 20 * 1024 * 1024,
} as const;

/** Calls that the platform does not count for the month. */
const UNMETERED: ReadonlySet<string> = new Set(['getUser']);
const SHORT_PAUSE = Temporal.Duration.from({ seconds: 2 });

export interface GroupMessage {
  readonly conversationId: string;
  /** The platform's name of the form, such as `sampleText` or `sampleMarkdown`. */
  readonly msgKey: string;
  /** The form's fields; all are strings. Nobody can be mentioned this way. */
  readonly msgParam: Readonly<Record<string, string>>;
}

export interface DirectMessage extends Omit<GroupMessage, 'conversationId'> {
  /** Up to 20. */
  readonly userIds: readonly string[];
}

export interface DirectMessageResult {
  readonly processQueryKey: string | null;
  /** Who does not exist (any more). */
  readonly invalidUserIds: readonly string[];
  /** Who got too many messages already and did not get this one. */
  readonly flowControlledUserIds: readonly string[];
}

export type OpenSpace =
  | {
      readonly kind: 'group';
      readonly conversationId: string;
      readonly mentions: readonly { readonly userId: string; readonly name: string }[];
    }
  | { readonly kind: 'direct'; readonly userId: string };

export interface NewCard {
  /** The caller's own id of up to 64 characters: the same id never makes a second card. */
  readonly outTrackId: string;
  readonly templateId: string;
  readonly params: Readonly<Record<string, string>>;
  readonly openSpace: OpenSpace;
  /** Shown in the list of conversations and in the push notification. */
  readonly summary?: string;
}

export interface DingTalkUser {
  readonly userId: string;
  readonly name: string;
  readonly unionId: string | null;
}

const idList = z
  .array(z.string())
  .nullish()
  .transform((ids) => ids ?? []);
const groupResultSchema = z.object({ processQueryKey: z.string().min(1) });
const directResultSchema = z
  .object({ processQueryKey: z.string().nullish(), invalidStaffIdList: idList, flowControlledStaffIdList: idList })
  // Without a receipt there has to be somebody who did not get it; else it is some other answer.
  .refine((sent) => sent.processQueryKey || sent.invalidStaffIdList.length + sent.flowControlledStaffIdList.length > 0);
const cardResultSchema = z.object({
  result: z.object({
    deliverResults: z.array(z.object({ success: z.boolean(), errorMsg: z.string().nullish() })).min(1),
  }),
});
const uploadResultSchema = z.object({ media_id: z.string().min(1) });
const updateResultSchema = z.object({ success: z.literal(true) });
const replyResultSchema = z.object({ errcode: z.union([z.literal(0), z.literal('0')]) });
const userResultSchema = z.object({
  result: z.object({ userid: z.string(), name: z.string(), unionid: z.string().nullish() }),
});

/** A picture may be left out, so the text does not wait for it for long. */
const UPLOAD_TIMEOUT_MS = 5_000;

/** What the bot asks of DingTalk over HTTP. Every method throws `DingTalkError`, which says what can be done about it. */
export class OpenApi {
  readonly #settings: DingTalkSettings;
  readonly #timeoutMs: number;
  readonly #token: AccessToken;
  readonly #gate: CallGate | undefined;

  /**
   * @param options.timeoutMs for each HTTP call as a whole; default 10 s
   * @param options.gate asked before each call; default: calls are made at once
   */
  constructor(settings: DingTalkSettings, options: { timeoutMs?: number; gate?: CallGate } = {}) {
    this.#settings = settings;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#gate = options.gate;
    this.#token = new AccessToken(settings, this.#timeoutMs);
  }

  /** Posts to a group that the robot is in. Not idempotent: a repeat is a second message. */
  async sendGroupMessage(message: GroupMessage): Promise<{ processQueryKey: string }> {
    const body = {
      robotCode: this.#settings.robotCode,
      openConversationId: message.conversationId,
      msgKey: message.msgKey,
      msgParam: boundedParam('sendGroupMessage', message.msgParam),
    };
    return await this.#post('sendGroupMessage', '/v1.0/robot/groupMessages/send', body, groupResultSchema);
  }

  /** Writes to people one by one. Not idempotent. Those who did not get it are in the result, not in an error. */
  async sendDirectMessage(message: DirectMessage): Promise<DirectMessageResult> {
    const name = 'sendDirectMessage';
    if (message.userIds.length > LIMITS.directRecipients) {
      const detail = `${message.userIds.length} recipients, ${LIMITS.directRecipients} are possible`;
      throw new DingTalkError({ call: name, code: 'local.tooManyRecipients', kind: 'rejected', detail });
    }
    const body = {
      robotCode: this.#settings.robotCode,
      userIds: message.userIds,
      msgKey: message.msgKey,
      msgParam: boundedParam(name, message.msgParam),
    };
    const result = await this.#post(name, '/v1.0/robot/oToMessages/batchSend', body, directResultSchema);
    return {
      processQueryKey: result.processQueryKey ?? null,
      invalidUserIds: result.invalidStaffIdList,
      flowControlledUserIds: result.flowControlledStaffIdList,
    };
  }

  /**
   * Creates a card and puts it into a conversation. Idempotent by `outTrackId`, so an unknown outcome may be repeated.
   *
   * @returns `created: false` when the platform already has a card with this id
   * @throws DingTalkError `card.notDelivered` (`rejected`) when the platform made the card but put it nowhere; its id is used up
   */
  async createCard(card: NewCard): Promise<{ created: boolean }> {
    const name = 'createCard';
    if (card.outTrackId.length > LIMITS.outTrackIdLength) {
      const detail = `an outTrackId of ${card.outTrackId.length} characters, ${LIMITS.outTrackIdLength} are possible`;
      throw new DingTalkError({ call: name, code: 'local.outTrackIdTooLong', kind: 'rejected', detail });
    }
    const body = {
      cardTemplateId: card.templateId,
      outTrackId: card.outTrackId,
      callbackType: 'STREAM',
      cardData: { cardParamMap: card.params },
      // Clicks then carry user ids, which is what permissions are kept by.
      userIdType: 1,
      ...this.#space(card),
    };
    try {
      const { result } = await this.#post(name, '/v1.0/card/instances/createAndDeliver', body, cardResultSchema);
      const failed = result.deliverResults.find(({ success }) => !success);
      if (failed) {
        const detail = failed.errorMsg ?? undefined;
        throw new DingTalkError({ call: name, code: 'card.notDelivered', kind: 'rejected', status: 200, detail });
      }
      return { created: true };
    } catch (error) {
      if (error instanceof DingTalkError && error.code === 'param.cardAlreadyExist') return { created: false };
      throw error;
    }
  }

  /** Changes the given parameters of a card, for everyone who sees it; the others stay. Idempotent. */
  async updateCard(card: { outTrackId: string; params: Readonly<Record<string, string>> }): Promise<void> {
    const body = {
      outTrackId: card.outTrackId,
      cardData: { cardParamMap: card.params },
      // Without it, the whole map is replaced.
      cardUpdateOptions: { updateCardDataByKey: true },
      userIdType: 1,
    };
    await this.#withToken('updateCard', (token) =>
      call(this.#request('updateCard', 'PUT', '/v1.0/card/instances', body, token), updateResultSchema),
    );
  }

  /**
   * Answers in the conversation of a message, by the webhook that came with it; costs none of the quota of API calls.
   *
   * @throws DingTalkError `local.webhookNotAllowed` for an address that is not the platform's: nothing is sent there
   * @throws DingTalkError of kind `gone` when the webhook has expired
   */
  async replyToSession(webhookUrl: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    const name = 'replyToSession';
    if (!isSessionWebhookAllowed(webhookUrl, this.#settings)) {
      throw new DingTalkError({
        call: name,
        code: 'local.webhookNotAllowed',
        kind: 'not_allowed',
        detail: "the session webhook is not an address of the platform's",
        nextStep: {
          english: 'Nothing was sent. Answer through the API, and find out where the message came from.',
          chinese: '没有发送任何内容。请改用接口回复，并查明这条消息从哪里来。',
        },
      });
    }
    const text = JSON.stringify(body);
    if (Buffer.byteLength(text) > LIMITS.replyBytes) throw tooLarge(name, Buffer.byteLength(text), LIMITS.replyBytes);
    const request = { call: name, method: 'POST', url: webhookUrl, body: text, effect: 'write' } as const;
    await call({ ...request, timeoutMs: this.#timeoutMs }, replyResultSchema);
  }

  /**
   * Uploads a PNG, to be shown in markdown by the id that comes back. How long the platform keeps it is not documented.
   *
   * @throws DingTalkError `local.tooLarge`, or as every call
   */
  async uploadPicture(png: Uint8Array<ArrayBuffer>): Promise<{ mediaId: string }> {
    const name = 'uploadPicture';
    if (png.byteLength > LIMITS.pictureBytes) throw tooLarge(name, png.byteLength, LIMITS.pictureBytes);
    const { media_id: mediaId } = await this.#withToken(name, (token) => {
      const body = new FormData();
      body.set('type', 'image');
      body.set('media', new Blob([png], { type: 'image/png' }), 'chart.png');
      return call(
        {
          call: name,
          method: 'POST',
          url: `${this.#settings.oapiBase}/media/upload?access_token=${encodeURIComponent(token)}`,
          body,
          // A repeat is a second file that nobody sees.
          effect: 'read',
          timeoutMs: Math.min(this.#timeoutMs, UPLOAD_TIMEOUT_MS),
        },
        uploadResultSchema,
      );
    });
    return { mediaId };
  }

  /** @throws DingTalkError of kind `gone` when the organisation has no such person */
  async getUser(userId: string): Promise<DingTalkUser> {
    const name = 'getUser';
    const { result } = await this.#withToken(name, (token) =>
      call(
        {
          call: name,
          method: 'POST',
          url: `${this.#settings.oapiBase}/topapi/v2/user/get?access_token=${encodeURIComponent(token)}`,
          body: { userid: userId, language: 'zh_CN' },
          effect: 'read',
          timeoutMs: this.#timeoutMs,
        },
        userResultSchema,
      ),
    );
    return { userId: result.userid, name: result.name, unionId: result.unionid ?? null };
  }

  #space({ openSpace, summary }: NewCard): Record<string, unknown> {
    const { robotCode } = this.#settings;
    const model = {
      supportForward: false,
      ...(summary === undefined
        ? {}
        : { lastMessageI18n: { ZH_CN: summary }, notification: { alertContent: summary, notificationOff: false } }),
    };
    if (openSpace.kind === 'direct') {
      return {
        openSpaceId: `dtv1.card//IM_ROBOT.${openSpace.userId}`,
        imRobotOpenSpaceModel: model,
        imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT', robotCode },
      };
    }
    const atUserIds = Object.fromEntries(openSpace.mentions.map(({ userId, name }) => [userId, name]));
    return {
      openSpaceId: `dtv1.card//IM_GROUP.${openSpace.conversationId}`,
      imGroupOpenSpaceModel: model,
      imGroupOpenDeliverModel: { robotCode, ...(openSpace.mentions.length > 0 ? { atUserIds } : {}) },
    };
  }

  async #post<T>(name: string, path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
    return await this.#withToken(name, (token) => call(this.#request(name, 'POST', path, body, token), schema));
  }

  #request(name: string, method: 'POST' | 'PUT', path: string, body: unknown, token: string): HttpCall {
    return {
      call: name,
      method,
      url: `${this.#settings.apiBase}${path}`,
      headers: { 'x-acs-dingtalk-access-token': token },
      body,
      effect: 'write',
      timeoutMs: this.#timeoutMs,
    };
  }

  /** A token can end before its time, when it is reset in the console: then once more with a fresh one. */
  async #withToken<T>(name: string, attempt: (token: string) => Promise<T>): Promise<T> {
    const token = await this.#token.get();
    try {
      return await this.#withinLimits(name, () => attempt(token));
    } catch (error) {
      if (!(error instanceof DingTalkError && error.kind === 'token')) throw error;
      this.#token.drop(token);
    }
    const fresh = await this.#token.get();
    return await this.#withinLimits(name, () => attempt(fresh));
  }

  async #withinLimits<T>(name: string, attempt: () => Promise<T>): Promise<T> {
    await this.#gate?.pass(name, !UNMETERED.has(name));
    try {
      return await attempt();
    } catch (error) {
      if (this.#gate && error instanceof DingTalkError) {
        if (error.kind === 'throttled') {
          await this.#gate.refused(name, { kind: 'too_fast', pause: error.retryAfter ?? SHORT_PAUSE });
        } else if (isCallQuotaUsedUp(error)) await this.#gate.refused(name, { kind: 'used_up' });
      }
      throw error;
    }
  }
}

/** `msgParam` is JSON in a string, bounded in bytes; found out here it costs no call. */
function boundedParam(name: string, msgParam: Readonly<Record<string, string>>): string {
  const text = JSON.stringify(msgParam);
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMITS.msgParamBytes) throw tooLarge(name, bytes, LIMITS.msgParamBytes);
  return text;
}

function tooLarge(name: string, bytes: number, limit: number): DingTalkError {
  const detail = `${bytes} bytes, ${limit} are possible`;
  return new DingTalkError({ call: name, code: 'local.tooLarge', kind: 'too_large', detail });
}
