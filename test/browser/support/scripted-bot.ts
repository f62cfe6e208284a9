import { DWClient, type DWClientDownStream } from 'dingtalk-stream';
import type { Sandbox } from '../../../src/sandbox/sandbox.ts';
import { APP } from '../../support/sandbox-world.ts';

const ROBOT_TOPIC = '/v1.0/im/bot/messages/get';
const CARD_TOPIC = '/v1.0/card/instances/callback';
/** DingTalk's public template of markdown with buttons. */
const TEMPLATE = '1366a1eb-bc54-4859-ac88-517c56a9acb1.schema';

export interface Heard {
  readonly text: string;
  readonly senderStaffId: string;
  readonly senderNick: string;
  readonly conversationId: string;
  readonly sessionWebhook: string;
}

export interface Click {
  readonly outTrackId: string;
  readonly userId: string;
  readonly actionId: string;
}

export interface Button {
  readonly id: string;
  readonly text: string;
  readonly color?: string;
  readonly disabled?: boolean;
}

export interface Card {
  readonly title: string;
  readonly markdown: string;
  readonly buttons: readonly Button[];
}

export interface Script {
  /** What the bot does when somebody speaks to it. */
  onText?(heard: Heard, bot: ScriptedBot): Promise<void> | void;
  /** What the bot does when somebody clicks; the click is acknowledged when this is done. Answering false leaves it unacknowledged. */
  onClick?(click: Click, bot: ScriptedBot): Promise<boolean | undefined> | Promise<void> | void;
}

/** The real stream client, sent to the sandbox instead of DingTalk by the one method that names the host. */
class SandboxClient extends DWClient {
  readonly #base: string;

  constructor(base: string) {
    super({ clientId: APP.clientId, clientSecret: APP.clientSecret });
    this.#base = base;
    this.config.autoReconnect = false;
    this.config.subscriptions = [];
  }

  override async getEndpoint(): Promise<this> {
    const { clientId, clientSecret, subscriptions } = this.getConfig();
    const answer = await post(`${this.#base}/v1.0/gateway/connections/open`, { clientId, clientSecret, subscriptions });
    Object.assign(this, { dw_url: `${String(answer.endpoint)}?ticket=${String(answer.ticket)}` });
    return this;
  }
}

/** A bot of a few lines for the page's tests. */
export class ScriptedBot {
  readonly #sandbox: Sandbox;
  readonly #client: SandboxClient;
  #token = '';

  private constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.#client = new SandboxClient(sandbox.url);
  }

  static async start(sandbox: Sandbox, script: Script = {}): Promise<ScriptedBot> {
    const bot = new ScriptedBot(sandbox);
    bot.#client.registerCallbackListener(ROBOT_TOPIC, (frame) => bot.#onText(frame, script));
    bot.#client.registerCallbackListener(CARD_TOPIC, (frame) => void bot.#onClick(frame, script));
    await bot.#client.connect();
    await sandbox.waitForConnections(1);
    const answer = await post(`${sandbox.url}/v1.0/oauth2/accessToken`, {
      appKey: APP.clientId,
      appSecret: APP.clientSecret,
    });
    bot.#token = String(answer.accessToken);
    return bot;
  }

  stop(): void {
    this.#client.disconnect();
  }

  /** Answers through the session that came with the words. */
  async reply(heard: Heard, title: string, text: string): Promise<void> {
    const markdown = { title, text: `@${heard.senderStaffId} ${text}` };
    await post(heard.sessionWebhook, { msgtype: 'markdown', markdown, at: { atUserIds: [heard.senderStaffId] } });
  }

  /** Speaks of its own accord in a group; returns what the message can be recalled by. */
  async tell(conversationId: string, msgKey: string, msgParam: Record<string, string>): Promise<string> {
    const answer = await this.#call('POST', '/v1.0/robot/groupMessages/send', {
      robotCode: APP.robotCode,
      openConversationId: conversationId,
      msgKey,
      msgParam: JSON.stringify(msgParam),
    });
    return (answer as { processQueryKey: string }).processQueryKey;
  }

  /** Takes back what it said in a group. */
  async recall(openConversationId: string, processQueryKey: string): Promise<void> {
    const { robotCode } = APP;
    await this.#call('POST', '/v1.0/robot/groupMessages/recall', {
      robotCode,
      openConversationId,
      processQueryKeys: [processQueryKey],
    });
  }

  /** Sends a direct message. */
  async tellDirectly(userId: string, title: string, text: string): Promise<void> {
    await this.#call('POST', '/v1.0/robot/oToMessages/batchSend', {
      robotCode: APP.robotCode,
      userIds: [userId],
      msgKey: 'sampleMarkdown',
      msgParam: JSON.stringify({ title, text }),
    });
  }

  /** Puts a card into a group; `recipients` are those who see it, all without. */
  async postCard(
    conversationId: string,
    outTrackId: string,
    card: Card,
    { recipients, mentions }: { recipients?: readonly string[]; mentions?: Record<string, string> } = {},
  ): Promise<void> {
    await this.#call('POST', '/v1.0/card/instances/createAndDeliver', {
      cardTemplateId: TEMPLATE,
      outTrackId,
      callbackType: 'STREAM',
      cardData: { cardParamMap: cardParams(card) },
      openSpaceId: `dtv1.card//IM_GROUP.${conversationId}`,
      imGroupOpenSpaceModel: { supportForward: false },
      imGroupOpenDeliverModel: {
        robotCode: APP.robotCode,
        ...(recipients ? { recipients } : {}),
        ...(mentions ? { atUserIds: mentions } : {}),
      },
      userIdType: 1,
    });
  }

  /** Shows another state of a card to everyone; `only` gives one person their own. */
  async changeCard(outTrackId: string, card: Card, only?: string): Promise<void> {
    const data = { cardParamMap: cardParams(card) };
    await this.#call('PUT', '/v1.0/card/instances', {
      outTrackId,
      ...(only === undefined ? { cardData: data } : { privateData: { [only]: data } }),
    });
  }

  #call(method: string, path: string, body: unknown): Promise<unknown> {
    return post(`${this.#sandbox.url}${path}`, body, method, { 'x-acs-dingtalk-access-token': this.#token });
  }

  #onText(frame: DWClientDownStream, script: Script): void {
    this.#client.socketCallBackResponse(frame.headers.messageId, {});
    const data = JSON.parse(frame.data) as Omit<Heard, 'text'> & { text: { content: string } };
    void script.onText?.({ ...data, text: data.text.content.trim() }, this);
  }

  async #onClick(frame: DWClientDownStream, script: Script): Promise<void> {
    const data = JSON.parse(frame.data) as { outTrackId: string; userId: string; content: string };
    const content = JSON.parse(data.content) as { cardPrivateData: { actionIds: [string] } };
    const click = { ...data, actionId: content.cardPrivateData.actionIds[0] };
    if ((await script.onClick?.(click, this)) === false) return;
    this.#client.socketCallBackResponse(frame.headers.messageId, {});
  }
}

function cardParams({ title, markdown, buttons }: Card): Record<string, string> {
  const msgButtons = buttons.map((button) => ({ ...button, request: true }));
  return { title, markdown, sys_full_json_obj: JSON.stringify({ msgButtons }) };
}

async function post(
  url: string,
  body: unknown,
  method = 'POST',
  headers: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method,
    headers: { accept: 'application/json', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  const errcode = answer.errcode ?? 0;
  if (!response.ok || errcode !== 0) throw new Error(`${method} ${new URL(url).pathname}: ${JSON.stringify(answer)}`);
  return answer;
}
