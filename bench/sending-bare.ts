import type { AddressInfo } from 'node:net';
import fastify from 'fastify';

/** A route of the same framework that answers the same text and does nothing for it. It tells its address. */
const app = fastify({ logger: false });
app.get('/v1/sending', async () => ({
  sending: 'allowed',
  reasons: [],
  standing: 'clear',
  available: '1000000.00',
  quota: 50_000,
  asOf: '2026-03-10T04:00:00.000Z',
}));
await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
process.on('disconnect', () => void app.close().then(() => process.exit(0)));
