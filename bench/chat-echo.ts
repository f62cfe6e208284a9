import { DWClient, TOPIC_ROBOT } from 'dingtalk-stream';

/**
 * The smallest bot that answers: the published client as it is, and a reply through the message's own webhook. Only the address that it
 * connects to is not DingTalk's.
 */
class EchoClient extends DWClient {
  override async getEndpoint() {
    const { clientId, clientSecret, subscriptions } = this.getConfig();
    const response = await fetch(`${process.env.BENCH_URL}/v1.0/gateway/connections/open`, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify({ clientId, clientSecret, ua: 'echo', subscriptions }),
    });
    const { endpoint, ticket } = (await response.json()) as { endpoint: string; ticket: string };
    Reflect.set(this, 'dw_url', `${endpoint}?ticket=${ticket}`);
    return this;
  }
}

const client = new EchoClient({ clientId: 'dingbench', clientSecret: 'bench' });
client.registerCallbackListener(TOPIC_ROBOT, (frame) => {
  client.socketCallBackResponse(frame.headers.messageId, null);
  const { text, sessionWebhook } = JSON.parse(frame.data) as { text: { content: string }; sessionWebhook: string };
  void fetch(sessionWebhook, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ msgtype: 'text', text: { content: text.content } }),
  });
});
await client.connect();
process.send?.('ready');
process.on('disconnect', () => process.exit(0));
