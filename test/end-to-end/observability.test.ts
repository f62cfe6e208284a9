import { describe, expect, test } from 'vitest';
import { readiness } from '../../src/readiness.ts';
import { createAccount } from '../../src/services/accounts.ts';
import { inTransaction, openDatabase } from '../../src/store/database.ts';
import { insertTariff } from '../../src/store/tariffs.ts';
import { TARIFF } from '../support/billing-world.ts';
import { runService } from '../support/running-service.ts';
import { GROUP } from '../support/sandbox-world.ts';
import { createTestDatabase } from '../support/test-database.ts';

const database = await createTestDatabase();
const { service, sandbox } = await runService(database);

/** The value of a line of `/metrics`; undefined where there is none. */
async function figure(line: string): Promise<number | undefined> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const found = text.split('\n').find((each) => each.startsWith(`sms_steward_${line} `));
  return found === undefined ? undefined : Number(found.split(' ').at(-1));
}

describe('a service that runs', () => {
  test('given a question, then its frame, its answer and its delivery bear one id, and /metrics counts it', async () => {
    sandbox.say(GROUP, 'lina', '帮助');
    await sandbox.waitForMessage(GROUP, ({ from }) => from === 'bot');
    await service.scheduler.tick();
    const { trace, state } = await database.db.kysely
      .selectFrom('notices')
      .select(['trace', 'state'])
      .where('reason', '=', 'reply')
      .executeTakeFirstOrThrow();
    expect(state).toBe('delivered');
    expect(sandbox.acknowledgements.entries.map(({ messageId }) => messageId)).toContain(trace);

    expect(await figure('command_seconds_count{kind="message",outcome="answered"}')).toBe(1);
    expect(await figure('notice_delivery_seconds_count{urgency="reply"}')).toBe(1);
    expect(await figure('stream_state{state="open"}')).toBe(1);
    expect(await figure('stream_frame_age_seconds')).toBeGreaterThanOrEqual(0);
    expect(await figure('stream_events_total{event="connections"}')).toBe(1);
    expect(await figure('database_up')).toBe(1);
    expect(await figure('database_connections{state="open"}')).toBeGreaterThan(0);
    expect(await figure('notices_waiting{urgency="critical"}')).toBe(0);
    expect(await figure('dead_letters')).toBe(0);
    expect(await figure('calls_left')).toBeLessThanOrEqual(200_000);
    expect(await figure('job_seconds_count{job="housekeeping",outcome="done"}')).toBe(1);
  });

  test('given accounts, then they are counted by standing, and no name of anybody is in a metric', async () => {
    const { context, db } = service;
    await inTransaction(db, async (tx) => {
      await insertTariff(tx, TARIFF, context.clock.now());
      const account = { tariffId: 'test', timeZone: 'Asia/Shanghai', defaultTemplateType: 'notification' } as const;
      await createAccount(context, tx, { ...account, name: '示例科技', creditLimit: 0n, overdueGraceHours: 0 });
    });
    const text = await (await fetch(`${service.url}/metrics`)).text();
    expect(text).toContain('sms_steward_accounts{standing="clear"}');
    expect(text).not.toMatch(/示例科技|zhangwei|lina|[0-9a-f]{8}-[0-9a-f]{4}-/);
  });
});

describe('readiness', () => {
  const status = { state: 'waiting', since: null, lastFrameAt: null, attempts: 3, lastError: 'network.ECONNREFUSED' };
  const counts = { frames: 0, duplicates: 0, malformed: 0, unacknowledged: 0, handlerFailures: 0, connections: 1 };
  const down = (seconds: number | null, connections = 1) =>
    ({
      status: {
        ...status,
        downSince: seconds === null ? null : Temporal.Now.instant().subtract({ seconds }),
        counts: { ...counts, connections },
      },
    }) as unknown as Parameters<typeof readiness>[1];

  test.each([
    ['the stream is open', down(null), true],
    ['it is down for half a minute', down(30), true],
    ['it is down for a minute, however often it was tried', down(60), false],
    ['it was never open', down(1, 0), false],
  ])('given that %s, then it is ready: or not', async (_, stream, ready) => {
    expect(await readiness(database.db, stream)).toMatchObject({ ready, checks: { database: { ok: true } } });
  });

  test('given a database that is away, then it is not ready', async () => {
    const away = openDatabase({ url: 'postgres://nobody@127.0.0.1:9/none', logger: database.db.logger });
    expect(await readiness(away, down(null))).toMatchObject({ ready: false, checks: { database: { ok: false } } });
    await away.close();
  });
});
