/**
 * A bot on the published `dingtalk-stream`, with nothing changed, as its documentation shows one. It runs as a process of its own, tells
 * its parent of every frame, and does what the parent says. Where DingTalk is, only the preload `redirect.mjs` knows.
 */
import { DWClient, type DWClientDownStream, EventAck, TOPIC_CARD, TOPIC_ROBOT } from 'dingtalk-stream';
import type { FromBot, ToBot } from './stream-bot-process.ts';

const [clientId = '', clientSecret = ''] = process.argv.slice(2);
const client = new DWClient({ clientId, clientSecret });
let cardResponse: unknown = {};
let eventStatuses: string[] = [];

const tell = (message: FromBot) => process.send?.(message);
const frameOf = ({ type, headers, data }: DWClientDownStream) => ({ type, headers: { ...headers }, data });

client.registerCallbackListener(TOPIC_ROBOT, (frame) => {
  client.socketCallBackResponse(frame.headers.messageId, null);
  tell({ frame: frameOf(frame) });
});
client.registerCallbackListener(TOPIC_CARD, (frame) => {
  client.socketCallBackResponse(frame.headers.messageId, cardResponse);
  tell({ frame: frameOf(frame) });
});
client.registerAllEventListener((frame) => {
  tell({ frame: frameOf(frame) });
  return { status: eventStatuses.shift() === 'LATER' ? EventAck.LATER : EventAck.SUCCESS };
});

process.on('message', async (order: ToBot) => {
  if (order.do === 'reply') {
    const response = await fetch(order.webhook, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-acs-dingtalk-access-token': await client.getAccessToken(),
      },
      body: JSON.stringify(order.body),
    });
    tell({ answer: await response.json() });
    return;
  }
  if (order.do === 'fetch') {
    const response = await fetch(order.url, { method: 'POST', body: '{}' });
    tell({ answer: { status: response.status, body: await response.text() } });
    return;
  }
  if (order.do === 'answerCards') cardResponse = order.response;
  if (order.do === 'answerEvents') eventStatuses = order.statuses;
  tell({ answer: null });
});
process.on('disconnect', () => process.exit());

await client.connect();
tell({ started: true });
