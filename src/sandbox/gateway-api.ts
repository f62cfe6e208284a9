import { z } from 'zod';
import { TOKEN_LIFETIME_S } from './access-tokens.ts';
import type { ApiRequest, ApiRoute } from './api-route.ts';
import { LegacyApiError, OpenApiError } from './errors.ts';
import type { Platform } from './platform.ts';

export const OPEN_PATH = '/v1.0/gateway/connections/open';

export const TOKEN_PATH = '/v1.0/oauth2/accessToken';
/** The older way to a token, on oapi.dingtalk.com. */
export const LEGACY_TOKEN_PATH = '/gettoken';

const openSchema = z.looseObject({
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  subscriptions: z.array(z.looseObject({ type: z.string(), topic: z.string() })).min(1),
});

const tokenSchema = z.looseObject({ appKey: z.string(), appSecret: z.string() });

/** Opening a stream connection, and the access token. */
export function gatewayRoutes(platform: Platform): ApiRoute[] {
  const { directory, gateway, tokens } = platform;
  const isTheApp = (clientId: string, secret: string) =>
    clientId === directory.app.clientId && secret === directory.app.clientSecret;

  return [
    {
      method: 'POST',
      path: OPEN_PATH,
      token: 'none',
      handle: (request) => {
        const parsed = openSchema.safeParse(request.body.json);
        if (!parsed.success) throw new OpenApiError(400, 'systemError', '系统错误');
        if (!isTheApp(parsed.data.clientId, parsed.data.clientSecret)) {
          throw new OpenApiError(401, 'authFailed', '鉴权失败');
        }
        const ticket = gateway.issueTicket(parsed.data.subscriptions);
        const endpoint = `${platform.url().replace(/^http/, 'ws')}/connect`;
        if (acceptsJson(request)) return { endpoint, ticket };
        return `<?xml version="1.0" encoding="utf-8"?><response><endpoint>${endpoint}</endpoint><ticket>${ticket}</ticket></response>`;
      },
    },
    {
      method: 'POST',
      path: TOKEN_PATH,
      token: 'none',
      handle: ({ body }) => {
        const parsed = tokenSchema.safeParse(body.json);
        if (!parsed.success || !isTheApp(parsed.data.appKey, parsed.data.appSecret)) {
          throw new OpenApiError(400, 'invalidClientIdOrSecret', '无效的clientId或者clientSecret');
        }
        return { accessToken: tokens.issue(), expireIn: TOKEN_LIFETIME_S };
      },
    },
    {
      method: 'GET',
      path: LEGACY_TOKEN_PATH,
      token: 'none',
      handle: ({ query }) => {
        if (!isTheApp(query.appkey ?? '', query.appsecret ?? ''))
          throw new LegacyApiError(40089, '不合法的corpid或corpsecret');
        return { errcode: 0, errmsg: 'ok', access_token: tokens.issue(), expires_in: TOKEN_LIFETIME_S };
      },
    },
  ];
}

/** Without `application/json` in the Accept header the platform answers with XML. */
function acceptsJson(request: ApiRequest): boolean {
  return request.headers.accept?.includes('application/json') ?? false;
}
