import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import { DEFAULT_SETTINGS } from '../../src/domain/settings.ts';
import { createLogger } from '../../src/log.ts';
import { Metrics } from '../../src/metrics.ts';
import { readiness } from '../../src/readiness.ts';
import { createAccount, recharge } from '../../src/services/accounts.ts';
import { createApiKey } from '../../src/services/api-keys.ts';
import { setAutoRenewal } from '../../src/services/auto-renewal.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import { grantPlan } from '../../src/services/plans.ts';
import { reviewAccount } from '../../src/services/review.ts';
import { inTransaction, openDatabase } from '../../src/store/database.ts';
import { insertNotice } from '../../src/store/notices.ts';
import { insertOffers } from '../../src/store/plans.ts';
import { writeSettings } from '../../src/store/settings.ts';
import { insertTariff } from '../../src/store/tariffs.ts';
import { aNotice } from '../notify/delivery-harness.ts';
import { OFFERS, TARIFF } from '../support/billing-world.ts';
import { aPolicy, NOW, yuan } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { runService } from '../support/running-service.ts';
import { GROUP } from '../support/sandbox-world.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
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
    // It is seen before it is acknowledged, recorded and counted.
    await eventually(async () => expect(await figure('notice_delivery_seconds_count{urgency="reply"}')).toBe(1));
    await service.scheduler.tick();
    const { trace, state } = await database.db.kysely
      .selectFrom('notices')
      .select(['trace', 'state'])
      .where('reason', '=', 'reply')
      .executeTakeFirstOrThrow();
    expect(state).toBe('delivered');
    await sandbox.acknowledgements.waitFor(({ messageId }) => messageId === trace);

    expect(await figure('command_seconds_count{kind="message",outcome="answered"}')).toBe(1);
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

  test('given the figures that docs/operations.md names, then /metrics has each of them, and no other of ours', async () => {
    const guide = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const named = new Set(
      [...guide.matchAll(/^\| `sms_steward_.*$/gm)].flatMap(([row]) => row.match(/sms_steward_\w+/g) ?? []),
    );
    const text = await (await fetch(`${service.url}/metrics`)).text();
    const exposed = [...text.matchAll(/^# TYPE (sms_steward_\w+) /gm)].map(([, name]) => name);
    expect(exposed.toSorted()).toEqual([...named].toSorted());
  });

  test('given notices that wait, then the age of the oldest is told by urgency', async () => {
    const { context, db } = service;
    const now = context.clock.now();
    const [queued, heldUntil] = [now.subtract({ hours: 9 }), now.add({ hours: 1 })];
    // Held back, so that nothing delivers it meanwhile.
    const notice = aNotice({ urgency: 'routine', heldUntil });
    await inTransaction(db, (tx) => insertNotice(tx, notice, queued));
    const exposedAt = async (time: Temporal.Instant) => {
      const metrics = new Metrics({ db, clock: new ManualClock(time), logger: db.logger, callsPerMonth: 5_000 });
      const { body } = await metrics.expose();
      const figure = (name: string) =>
        new RegExp(`^sms_steward_${name}\\{urgency="routine"\\} (\\S+)$`, 'm').exec(body)?.[1];
      return { waiting: figure('notices_waiting'), age: Math.round(Number(figure('notice_oldest_seconds'))) };
    };
    expect(await exposedAt(now), 'what quiet hours hold back is not late').toEqual({ waiting: '1', age: 0 });
    expect(await exposedAt(heldUntil.add({ minutes: 5 }))).toEqual({ waiting: '1', age: 300 });
    await db.kysely.deleteFrom('notices').where('key', '=', notice.key).execute();
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

describe('one id from what came in to what is told', () => {
  test("given usage that takes the balance below its amount, and a click that lets a renewal buy, then what their reviews tell bears the request's and the click's id", async () => {
    // What is due is looked at because of them alone, not because a tick came by.
    await service.scheduler.stop();
    const { context, db } = service;
    const at = context.clock.now();
    const { accountId, key } = await inTransaction(db, async (tx) => {
      await insertOffers(tx, OFFERS);
      const created = { tariffId: 'test', timeZone: 'Asia/Shanghai', defaultTemplateType: 'notification' } as const;
      const id = await createAccount(context, tx, { ...created, name: '甲', creditLimit: 0n, overdueGraceHours: 0 });
      await recharge(context, tx, { accountId: id, amount: yuan('1000'), key: 'first', by: 'test' });
      await grantPlan(context, tx, { accountId: id, offerId: 'sms-100', key: 'first', by: 'test' });
      await authorizeGroup(context, tx, {
        ...{ accountId: id, conversation: { corpId: 'dingtestcorp', conversationId: GROUP }, title: '短信运维群' },
        ...{ language: 'zh-CN', actor: { staffId: 'zhangwei', name: '张伟' } },
      });
      await setAutoRenewal(context, tx, id, aPolicy({ offerId: 'sms-5000', threshold: 50n }), 'test');
      await writeSettings(tx, id, { ...DEFAULT_SETTINGS, balanceAlert: { below: yuan('900'), setAt: at } }, at);
      return { accountId: id, key: await createApiKey(context, tx, id, 'gateway') };
    });
    await inTransaction(db, (tx) => reviewAccount(context, tx, accountId));
    const traceOf = async (reason: string) =>
      (
        await db.kysely
          .selectFrom('notices')
          .select('trace')
          .where('account_id', '=', accountId)
          .where('reason', '=', reason)
          .execute()
      ).map(({ trace }) => trace);

    const sentAt = at.toString({ smallestUnit: 'millisecond' });
    const record = { destination: 'international', country: 'US', segments: 100, status: 'submitted' };
    const response = await fetch(`${service.url}/v1/usage`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        records: Array.from({ length: 21 }, (_, n) => ({ ...record, id: `m-${n}`, at: sentAt })),
      }),
    });
    expect(await response.json()).toMatchObject({ accepted: 21 });
    await sandbox.waitForMessage(GROUP, ({ text }) => text.includes('余额告警线'));
    const request = response.headers.get('x-request-id');
    expect(request).toMatch(/^http\/[0-9a-f-]{36}$/);
    expect(await traceOf('low_balance')).toEqual([request]);

    // Auto-renewal is off, and its switch is confirmed by a click: the review after that buys.
    await inTransaction(db, (tx) =>
      setAutoRenewal(context, tx, accountId, aPolicy({ enabled: false, offerId: 'sms-5000', threshold: 200n }), 'test'),
    );
    sandbox.say(GROUP, 'zhangwei', '开启自动续费');
    const card = await sandbox.waitForMessage(GROUP, ({ buttons }) => buttons.some(({ label }) => label === '确认'));
    const button = card.buttons.find(({ label }) => label === '确认');
    await sandbox.click(card.outTrackId ?? '', 'zhangwei', button?.id ?? '');
    await sandbox.waitForMessage(GROUP, ({ title }) => title?.includes('自动续费成功') ?? false);
    const [renewed] = await traceOf('renewed');
    const frames = sandbox.acknowledgements.entries.map(({ messageId }) => messageId);
    expect(frames).toContain(renewed);
  });
});

describe('readiness', () => {
  const status = {
    state: 'waiting',
    since: null,
    lastFrameSeconds: null,
    attempts: 3,
    lastError: 'network.ECONNREFUSED',
  };
  const counts = { frames: 0, duplicates: 0, malformed: 0, unacknowledged: 0, handlerFailures: 0, connections: 1 };
  const down = (seconds: number | null, connections = 1) =>
    ({
      status: {
        ...status,
        downSince: seconds === null ? null : Temporal.Now.instant(),
        downSeconds: seconds,
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

  test('given a database that is silent, then it is not ready, and /metrics says so before who scrapes has lost patience', async () => {
    const to = new URL(database.url);
    const proxy = await TcpProxy.start(to.hostname, Number(to.port));
    const via = new URL(database.url);
    via.host = `127.0.0.1:${proxy.port}`;
    // Its own time-outs would end the wait at last, too late.
    const timeOuts = { statement: 0, connect: 0 };
    const logger = createLogger({ level: 'silent', name: 'test' });
    const silent = openDatabase({ url: via.href, logger, timeOuts });
    onTestFinished(async () => {
      proxy.releaseAnswers();
      await silent.close();
      await proxy.stop();
    });
    const metrics = new Metrics({ db: silent, clock: new ManualClock(NOW), logger, callsPerMonth: 5_000 });
    proxy.holdAnswers();
    const [{ ready, checks }, { body }] = await Promise.all([readiness(silent, down(null)), metrics.expose()]);
    expect([ready, checks]).toMatchObject([false, { database: { ok: false, error: 'no answer within 2000 ms' } }]);
    expect(body).toMatch(/^sms_steward_database_up 0$/m);
    expect(body).toMatch(/^sms_steward_database_connections\{state="open"\} \d+$/m);
  });
});
