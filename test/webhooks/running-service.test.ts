import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAccount, recharge } from '../../src/services/accounts.ts';
import { createApiKey } from '../../src/services/api-keys.ts';
import { setLimit } from '../../src/services/limits.ts';
import { addWebhook } from '../../src/services/webhooks.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { inTransaction } from '../../src/store/database.ts';
import { insertTariff } from '../../src/store/tariffs.ts';
import { TARIFF } from '../support/billing-world.ts';
import { runService } from '../support/running-service.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { Receiver } from './receiver.ts';

const running = await runService(await createTestDatabase());
const { service, clock } = running;

test('given a running service, when usage reaches a cap, then the gateway is told at once by webhook what it is told when it asks', async () => {
  const { db, context } = service;
  const receiver = await Receiver.start();
  const key = await inTransaction(db, async (tx) => {
    await insertTariff(tx, TARIFF, clock.now());
    const accountId = await createAccount(context, tx, {
      name: 'Acme',
      tariffId: TARIFF.id,
      timeZone: 'Asia/Shanghai',
      defaultTemplateType: 'notification',
      creditLimit: 0n,
      overdueGraceHours: 0,
    });
    await recharge(context, tx, { accountId, amount: 100_000_000n, key: 'first', by: 'test' });
    await setLimit(context, tx, await lockAccount(tx, accountId), {
      key: { period: 'day', unit: 'segments' },
      after: { stop: 10n, warn: null },
      by: 'test',
      byName: 'test',
    });
    await addWebhook(context, tx, accountId, receiver.url);
    return createApiKey(context, tx, accountId, 'gateway');
  });
  await receiver.arrived(1);

  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const record = {
    id: randomUUID(),
    destination: 'mainland',
    segments: 10,
    status: 'delivered',
    at: clock.now().toString(),
  };
  const taken = await fetch(`${service.url}/v1/usage`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ records: [record] }),
  });
  expect(await taken.json()).toMatchObject({ accepted: 1 });
  const asked = (await (await fetch(`${service.url}/v1/sending`, { headers })).json()) as Record<string, unknown>;
  await receiver.arrived(2);

  const { asOf: _, ...state } = asked;
  expect(state).toMatchObject({ sending: 'capped', reasons: ['capped'] });
  expect(receiver.calls[1]?.body).toMatchObject({ event: 'sending.changed', sequence: 1, ...state });
});
