/**
 * Points a bot at the sandbox without a change to it: load this before the bot, in Node 18 or newer.
 *
 *     DINGTALK_SANDBOX_URL=http://127.0.0.1:8090 NODE_OPTIONS="--import /path/to/redirect.mjs" node your-bot.js
 *
 * Whatever the process asks of api.dingtalk.com and oapi.dingtalk.com, by `node:https` (axios and most other clients) or by `fetch`, goes
 * to the sandbox instead. Nothing else is touched: the sandbox itself names the address of the stream and of each `sessionWebhook`.
 * Without DINGTALK_SANDBOX_URL the process ends at once, so that a test never talks to the real platform by mistake.
 */
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';

const HOSTS = new Set(['api.dingtalk.com', 'oapi.dingtalk.com']);

if (!process.env.DINGTALK_SANDBOX_URL) throw new Error('Set DINGTALK_SANDBOX_URL to the address of the sandbox.');
const sandbox = new URL(process.env.DINGTALK_SANDBOX_URL);

const { request, get } = https;
https.request = (...args) => redirected(args) ?? request(...args);
https.get = (...args) => redirected(args)?.end() ?? get(...args);
syncBuiltinESMExports();

const { fetch } = globalThis;
globalThis.fetch = (input, init) => {
  const url = new URL(typeof input === 'object' && 'url' in input ? input.url : input, 'http://nowhere.invalid');
  if (!HOSTS.has(url.hostname)) return fetch(input, init);
  const target = new URL(`${url.pathname}${url.search}`, sandbox);
  return fetch(input instanceof Request ? new Request(target, input) : target, init);
};

/** The request to the sandbox in place of this one; undefined where it goes to another host. */
function redirected(args) {
  const [first, second] = args;
  const given = typeof first === 'string' || first instanceof URL ? new URL(first) : undefined;
  const options = { ...(given === undefined ? first : typeof second === 'object' ? second : {}) };
  const hostname = options.hostname ?? options.host?.replace(/:\d+$/, '') ?? given?.hostname;
  if (!HOSTS.has(hostname)) return undefined;
  const path = options.path ?? (given === undefined ? '/' : `${given.pathname}${given.search}`);
  const callback = args.findLast((one) => typeof one === 'function');
  // What belongs to the connection to the other host: its agent, its name and its port.
  const { agent, agents, host, port, protocol, servername, ...kept } = options;
  const headers = { ...headersOf(kept.headers), host: sandbox.host };
  return http.request(
    {
      ...kept,
      method: kept.method ?? 'GET',
      headers,
      hostname: sandbox.hostname.replace(/^\[|\]$/g, ''),
      port: sandbox.port,
      path,
    },
    callback,
  );
}

/** The headers without the host, however it is spelt. */
function headersOf(headers = {}) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'host'));
}
