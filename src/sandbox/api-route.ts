import type { IncomingHttpHeaders } from 'node:http';

/** A request's body as it came, and its JSON; `json` is undefined where it is none. */
export interface Body {
  readonly raw: Buffer;
  readonly json: unknown;
}

/** What a route of the emulated platform is told of a request. */
export interface ApiRequest {
  readonly body: Body;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly headers: IncomingHttpHeaders;
}

export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  /** `header`: the token header of api.dingtalk.com; `query`: the parameter of oapi.dingtalk.com; `none`: no token is asked for. */
  readonly token: 'header' | 'query' | 'none';
  /** Bytes that a body may have; absent: 1 MiB. */
  readonly bodyLimit?: number;
  /** Its result is the answer's body, with HTTP 200: JSON, or XML where it is a string. */
  readonly handle: (request: ApiRequest) => unknown;
}
