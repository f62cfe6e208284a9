import { createRequire } from 'node:module';
import type cardModule from '@alicloud/dingtalk/dist/card_1_0/client.js';
import type oauthModule from '@alicloud/dingtalk/dist/oauth2_1_0/client.js';
import type robotModule from '@alicloud/dingtalk/dist/robot_1_0/client.js';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP } from '../support/sandbox-world.ts';

// CommonJS with a `default` of its own: what an import makes of that differs between Node and vitest.
const load = createRequire(import.meta.url);
const oauth: typeof oauthModule = load('@alicloud/dingtalk/dist/oauth2_1_0/client.js');
export const card: typeof cardModule = load('@alicloud/dingtalk/dist/card_1_0/client.js');
export const robot: typeof robotModule = load('@alicloud/dingtalk/dist/robot_1_0/client.js');

type RobotClient = InstanceType<typeof robot.default>;
type Config = ConstructorParameters<typeof robot.default>[0];
type Runtime = Parameters<RobotClient['orgGroupSendWithOptions']>[2];

/** How Alibaba's client throws a refusal of the platform. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly data: { readonly statusCode: number; readonly code: string; readonly requestid: string };
}

/** Alibaba's own client of DingTalk's OpenAPI, with nothing changed but the address that its configuration takes. */
export class AlibabaClient {
  readonly robot: RobotClient;
  readonly card: InstanceType<typeof card.default>;
  readonly #oauth: InstanceType<typeof oauth.default>;
  #token = '';

  constructor(sandbox: Sandbox) {
    const config = { protocol: 'http', regionId: 'central', endpoint: new URL(sandbox.url).host } as Config;
    this.robot = new robot.default(config);
    this.card = new card.default(config);
    this.#oauth = new oauth.default(config);
  }

  async signIn(appSecret = APP.clientSecret): Promise<{ accessToken?: string; expireIn?: number } | undefined> {
    const answer = await this.#oauth.getAccessToken(
      new oauth.GetAccessTokenRequest({ appKey: APP.clientId, appSecret }),
    );
    this.#token = answer.body?.accessToken ?? '';
    return answer.body;
  }

  /** The headers of a signed-in call, as an instance of the class that the call takes, and no options. */
  signed<H>(headers: new (map: Record<string, unknown>) => H, token = this.#token): [H, Runtime] {
    return [new headers({ xAcsDingtalkAccessToken: token }), {} as Runtime];
  }
}

/** The refusal that a call ends with. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    return error as Refusal;
  }
  throw new Error('The call was not refused.');
}
