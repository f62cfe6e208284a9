import { Writable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import type { Readiness } from '../../src/http/parts.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { createAccount, recharge } from '../../src/services/accounts.ts';
import { createApiKey } from '../../src/services/api-keys.ts';
import type { ServiceContext } from '../../src/services/context.ts';
import { type Database, inTransaction } from '../../src/store/database.ts';
import { insertTariff } from '../../src/store/tariffs.ts';
import { insertTemplateCodes } from '../../src/store/template-codes.ts';
import { currentTrace } from '../../src/trace.ts';
import { createTestDatabase } from '../support/test-database.ts';

/** What most tests take as now. */
export const NOW = '2026-03-10T12:00:00+08:00';

const price = (text: string) => [{ upTo: null, price: text }];
/** Each kind of message has a price that tells it from the others. */
const TARIFF = {
  id: 'http-test',
  version: 1,
  currency: 'CNY',
  effectiveFrom: '2020-01-01T00:00:00Z',
  mode: 'volume' as const,
  planUsageCounts: false,
  mainland: { verification: price('0.05'), notification: price('0.04'), promotion: price('0.06') },
  international: { SG: '0.30', HK: '0.40', US: '0.20' },
};

export interface TestAccount {
  readonly id: string;
  readonly key: string;
}

export interface HttpHarness {
  readonly db: Database;
  readonly url: string;
  readonly clock: ManualClock;
  readonly context: ServiceContext;
  readonly app: FastifyInstance;
  /** Everything that was logged, one JSON line each. */
  readonly log: string[];
  /** Accounts that were woken for review. */
  readonly reviewed: string[];
  /** Under which traces. */
  readonly reviewedUnder: (string | undefined)[];
  readiness: Readiness;
  /** An account with ¥100 and a key; it knows the templates SMS_V, SMS_N and SMS_P. */
  account(): Promise<TestAccount>;
  /** A further server on the same database, with a log of its own. */
  server(options?: { db?: Database; requestTimeout?: number; closeGrace?: number }): FastifyInstance;
}

/** A server on a database of its own; call it at the top of a test file. */
export async function createHttpHarness(): Promise<HttpHarness> {
  const { db, url } = await createTestDatabase();
  const clock = new ManualClock(NOW);
  const context: ServiceContext = {
    clock,
    compose: () => ({ title: '', markdown: '', buttons: [], hint: '', mentions: [] }),
  };
  const log: string[] = [];
  const reviewed: string[] = [];
  const reviewedUnder: (string | undefined)[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      log.push(chunk.toString());
      done();
    },
  });
  const logger = pino({ level: 'debug' }, sink);
  const state: { readiness: Readiness } = { readiness: { ready: true, checks: { database: { ok: true } } } };
  const apps: FastifyInstance[] = [];
  const server: HttpHarness['server'] = (options = {}) => {
    const app = createHttpServer({
      db,
      context,
      logger,
      wake: {
        review: (accountId) => {
          reviewed.push(accountId);
          reviewedUnder.push(currentTrace());
        },
      },
      readiness: async () => state.readiness,
      ...options,
    });
    apps.push(app);
    return app;
  };
  afterAll(async () => {
    for (const app of apps) await app.close();
  });
  await inTransaction(db, (tx) => insertTariff(tx, TARIFF, clock.now()));

  const account = () =>
    inTransaction(db, async (tx) => {
      const id = await createAccount(context, tx, {
        name: 'Test',
        tariffId: TARIFF.id,
        timeZone: 'Asia/Shanghai',
        defaultTemplateType: 'notification',
        creditLimit: 0n,
        overdueGraceHours: 0,
      });
      await recharge(context, tx, { accountId: id, amount: 100_000_000n, key: 'first', by: 'test' });
      await insertTemplateCodes(tx, id, [
        { code: 'SMS_V', templateType: 'verification' },
        { code: 'SMS_N', templateType: 'notification' },
        { code: 'SMS_P', templateType: 'promotion' },
      ]);
      return { id, key: await createApiKey(context, tx, id, 'gateway') };
    });

  return {
    db,
    url,
    clock,
    context,
    app: server(),
    log,
    reviewed,
    reviewedUnder,
    get readiness() {
      return state.readiness;
    },
    set readiness(readiness) {
      state.readiness = readiness;
    },
    account,
    server,
  };
}

export function bearer(key: string): { authorization: string } {
  return { authorization: `Bearer ${key}` };
}

export interface RecordInput {
  id?: unknown;
  destination?: unknown;
  country?: unknown;
  templateType?: unknown;
  segments?: unknown;
  status?: unknown;
  at?: unknown;
}

let recordCount = 0;

/** A delivered mainland verification message of one segment, a minute ago. */
export function aRecord(overrides: RecordInput = {}): RecordInput & { id: unknown } {
  recordCount += 1;
  return {
    id: `record-${recordCount}`,
    destination: 'mainland',
    templateType: 'verification',
    segments: 1,
    status: 'delivered',
    at: '2026-03-10T11:59:00+08:00',
    ...overrides,
  };
}

/** A receipt as the platform pushes it for a mainland message. */
export function aMainlandReceipt(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  recordCount += 1;
  return {
    phone_number: '13800138000',
    send_time: '2026-03-10 11:59:00',
    report_time: '2026-03-10 11:59:03',
    success: true,
    err_code: 'DELIVERED',
    err_msg: '用户接收成功',
    sms_size: '1',
    biz_id: `7067151937519891${String(recordCount).padStart(6, '0')}^0`,
    out_id: 'order-1',
    ...overrides,
  };
}

/** A receipt as the platform pushes it for an international message. */
export function anInternationalReceipt(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  recordCount += 1;
  return {
    To: '6591234567',
    SendDate: 'Tue, 10 Mar 2026 11:59:00 +0800',
    ReceiveDate: 'Tue, 10 Mar 2026 11:59:03 +0800',
    Status: '1',
    ErrorCode: 'DELIVERED',
    ErrorDescription: 'success',
    SmsSize: '1',
    MessageId: `1008030${String(recordCount).padStart(8, '0')}`,
    TaskId: '100803000000000',
    ...overrides,
  };
}

/** The balance of an account, as stored. */
export async function balanceOf(db: Database, accountId: string): Promise<bigint> {
  const row = await db.kysely
    .selectFrom('accounts')
    .select('balance')
    .where('account_id', '=', accountId)
    .executeTakeFirstOrThrow();
  return row.balance;
}

export async function recordsOf(db: Database, accountId: string) {
  return await db.kysely
    .selectFrom('usage_records')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('record_id')
    .execute();
}

export async function rejectedOf(db: Database, accountId: string) {
  return await db.kysely
    .selectFrom('rejected_usage')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('record_id')
    .execute();
}
