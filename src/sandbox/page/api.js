import { currentLanguage, text } from './texts.js';

/** A call that the sandbox refused or that did not reach it. `message` is for the person at the page. */
export class ApiError extends Error {
  constructor(code, message, field) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.field = field;
  }
}

async function call(method, path, body) {
  const options = { method, headers: { accept: 'application/json' } };
  if (body !== undefined) {
    options.headers['content-type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError('unreachable', text('unreachable'));
  }
  const answer = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer;
  const error = answer?.error;
  if (error?.message) {
    const words = currentLanguage() === 'zh-CN' ? (error.messageZh ?? error.message) : error.message;
    throw new ApiError(error.code, words, error.field);
  }
  throw new ApiError('unexpected', text('unexpected', { status: response.status }));
}

const part = encodeURIComponent;

/** The sandbox's HTTP API; see ../README.md. Each call throws an `ApiError`. */
export const api = {
  conversations: () => call('GET', '/api/conversations'),
  /** Messages of a conversation with a greater `seq` than `after`, as this person sees them. */
  messages: (conversationId, userId, after = 0) =>
    call('GET', `/api/conversations/${part(conversationId)}/messages?after=${after}&as=${part(userId)}`),
  say: (conversationId, userId, words) =>
    call('POST', `/api/conversations/${part(conversationId)}/messages`, { userId, text: words }),
  click: (outTrackId, userId, actionId) => call('POST', `/api/cards/${part(outTrackId)}/clicks`, { userId, actionId }),
  clock: () => call('GET', '/api/clock'),
  /** Moves the clock by a duration (`{by}`), or to the next thing due or the end of the month (`{to: 'next' | 'month-end'}`). */
  advanceClock: (move) => call('POST', '/api/clock/advance', move),
  /** A person has seen a conversation up to the message numbered `seq`. */
  read: (conversationId, userId, seq) =>
    call('POST', `/api/conversations/${part(conversationId)}/read`, { userId, seq }),
  /** What cannot be seen in a chat: accounts, notices, the next event. `no_service` where there is none. */
  world: () => call('GET', '/api/world'),
  /** What is armed, after each of these: `{faults: [{fault, left, ...}]}`. */
  faults: () => call('GET', '/api/faults'),
  arm: (fault) => call('POST', '/api/faults', fault),
  clearFaults: () => call('DELETE', '/api/faults'),
  sendSms: (order) => call('POST', '/api/sms', order),
  recharge: (order) => call('POST', '/api/recharge', order),
  accounts: () => call('GET', '/api/accounts'),
  connection: () => call('GET', '/api/connection'),
};
