import { randomUUID } from 'node:crypto';
import { afterAll, expect } from 'vitest';
import type { OffsetClock } from '../../../src/clock.ts';
import { createContext } from '../../../src/context.ts';
import { parseMoney } from '../../../src/domain/money.ts';
import type { Message } from '../../../src/sandbox/conversations.ts';
import { type PlatformBehaviour, type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { recharge } from '../../../src/services/accounts.ts';
import { createApiKey } from '../../../src/services/api-keys.ts';
import { setAutoRenewal } from '../../../src/services/auto-renewal.ts';
import type { ServiceContext } from '../../../src/services/context.ts';
import { grantPlan } from '../../../src/services/plans.ts';
import { type Database, inTransaction } from '../../../src/store/database.ts';
import { DEFAULT_POLICY } from '../../../src/store/renewals.ts';
import { ensurePartitions } from '../../../src/store/usage.ts';
import { eventually } from '../../support/eventually.ts';
import { addExampleCatalogue, authorizeExampleGroup, openExampleAccount } from '../../support/example-account.ts';
import { sandboxWorld } from '../../support/sandbox-world.ts';
import { steadyClock } from '../../support/steady-clock.ts';
import { waitUntilQuiet } from './quiet.ts';
import { type KillAt, Replica } from './replica.ts';

export const ADMIN = 'zhangwei';
export const MEMBER = 'lina';
const GROUPS = 80;
/** Longer than a lease: whoever comes then takes over what a killed process had in hand. */
const TAKE_OVER_AFTER = Temporal.Duration.from({ seconds: 130 });

/** An account with a group of its own; what is reported for it comes from one gateway. */
export interface FaultAccount {
  readonly id: string;
  readonly group: string;
  readonly key: string;
}

/**
 * Replicas of the real program on one real database and one emulator, with accounts whose next 2,500 segments make auto-renewal buy
 * 20,000 for ¥800.
 */
export class FaultWorld {
  readonly db: Database;
  readonly sandbox: Sandbox;
  readonly clock: OffsetClock;
  readonly context: ServiceContext;
  readonly #databaseUrl: string;
  readonly #replicas: Replica[] = [];
  #groups = 0;

  private constructor(database: { db: Database; url: string }, sandbox: Sandbox, clock: OffsetClock) {
    this.db = database.db;
    this.#databaseUrl = database.url;
    this.sandbox = sandbox;
    this.clock = clock;
    this.context = createContext(clock);
  }

  /** For the tests of one file; ends with the last of them. */
  static async start(
    database: { db: Database; url: string },
    behaviour: Partial<PlatformBehaviour> = {},
  ): Promise<FaultWorld> {
    const clock = steadyClock();
    const { conversations, ...world } = sandboxWorld();
    const [model] = conversations;
    if (!model) throw new TypeError('the world has a group');
    const groups = Array.from({ length: GROUPS }, (_, n) => ({
      ...model,
      id: `cidFault${n}`,
      title: `短信运维群 ${n}`,
    }));
    const sandbox = await startSandbox({
      port: 0,
      world: { ...world, conversations: groups },
      clock: { now: () => clock.now().epochMilliseconds, advance: async () => {} },
      behaviour: { callsPerSecond: 10_000, ...behaviour },
    });
    const faults = new FaultWorld(database, sandbox, clock);
    afterAll(() => faults.#stop());
    await faults.#setUp();
    return faults;
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#replicas.map((replica) => replica.kill()));
    await this.sandbox.stop();
  }

  /** Every replica that runs. */
  get replicas(): Replica[] {
    return this.#replicas.filter(({ isAlive }) => isAlive);
  }

  /** Starts a replica, connected unless it is to be killed before. */
  async startReplica(options: { killAt?: KillAt; env?: Record<string, string> } = {}): Promise<Replica> {
    const { app } = sandboxWorld();
    // The platform may not know yet that one that was killed is gone.
    await this.sandbox.waitForConnections(this.replicas.length);
    const replica = await Replica.start({
      aheadMs: this.#aheadMs,
      killAt: options.killAt,
      env: {
        DATABASE_URL: this.#databaseUrl,
        DINGTALK_CLIENT_ID: app.clientId,
        DINGTALK_CLIENT_SECRET: app.clientSecret,
        DINGTALK_ROBOT_CODE: app.robotCode,
        DINGTALK_ROBOT_NAME: app.robotName,
        DINGTALK_API_BASE: this.sandbox.url,
        DINGTALK_OAPI_BASE: this.sandbox.url,
        DINGTALK_CALLS_PER_SECOND: '1000',
        DINGTALK_REPLIES_PER_MINUTE: '1000',
        DINGTALK_CALLS_PER_MONTH: '200000',
        LOG_LEVEL: 'warn',
        ...options.env,
      },
    });
    this.#replicas.push(replica);
    if (replica.isAlive && !options.killAt) await this.sandbox.waitForConnections(this.replicas.length);
    return replica;
  }

  /** The one replica that runs, or else a new one. */
  async oneReplica(): Promise<Replica> {
    return this.replicas[0] ?? (await this.startReplica());
  }

  /** A replica that starts when everything that a killed one had in hand is free again. */
  async takeOver(): Promise<Replica> {
    await this.advance(TAKE_OVER_AFTER);
    return this.startReplica();
  }

  /** Moves the time of the emulator and of every replica. */
  async advance(by: Temporal.Duration): Promise<void> {
    this.clock.jumpTo(this.clock.now().add(by));
    await Promise.all(this.replicas.map((replica) => replica.tell({ aheadMs: this.#aheadMs })));
  }

  get #aheadMs(): number {
    return Math.round(this.clock.offset.total('milliseconds'));
  }

  async #setUp(): Promise<void> {
    const now = this.clock.now();
    await inTransaction(this.db, (tx) => addExampleCatalogue(tx, now));
    await ensurePartitions(this.db.kysely, now.subtract({ hours: 24 * 62 }), now.add({ hours: 24 * 31 }));
  }

  /** An account as described above, opened at a time of the past if need be. */
  async openAccount(at?: Temporal.Instant): Promise<FaultAccount> {
    const group = `cidFault${this.#groups}`;
    this.#groups += 1;
    if (this.#groups > GROUPS) throw new RangeError('the world has no group left');
    const context = at ? createContext({ now: () => at }) : this.context;
    return inTransaction(this.db, async (tx) => {
      const id = await openExampleAccount(context, tx);
      await grantPlan(context, tx, { accountId: id, offerId: 'plan-12000', key: 'first', by: 'test' });
      await recharge(context, tx, { accountId: id, amount: parseMoney('3000'), key: 'first', by: 'test' });
      const policy = { ...DEFAULT_POLICY, enabled: true, threshold: 10_000n, offerId: 'plan-20000' };
      await setAutoRenewal(context, tx, id, { ...policy, purchasesPerDay: 1, purchasesPerMonth: 2 }, 'test');
      const key = await createApiKey(context, tx, id, 'test');
      await authorizeExampleGroup(context, tx, id, { conversationId: group, title: group });
      return { id, group, key };
    });
  }

  /** Records of mainland messages that were delivered just now. */
  records(count: number, segments = 1): object[] {
    const at = this.clock.now().toString({ smallestUnit: 'millisecond' });
    return Array.from({ length: count }, () => ({
      id: randomUUID(),
      destination: 'mainland',
      templateType: 'notification',
      segments,
      status: 'delivered',
      at,
    }));
  }

  /** Reports usage as a gateway does; undefined when there is no answer, so that the gateway has to report it again. */
  async report(replica: Replica, account: FaultAccount, records: readonly object[]): Promise<unknown> {
    try {
      const response = await fetch(`${replica.url}/v1/usage`, {
        method: 'POST',
        headers: { authorization: `Bearer ${account.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ records }),
      });
      return response.ok ? await response.json() : undefined;
    } catch {
      return undefined;
    }
  }

  /** What the bot has said in the group. */
  saidIn(account: FaultAccount, after = 0): Message[] {
    return this.sandbox.messages(account.group, { after }).filter(({ from }) => from === 'bot');
  }

  /** The bot's first message in the group that says this. */
  hears(account: FaultAccount, text: RegExp, after = 0): Promise<Message> {
    const says = (message: Message) => message.from === 'bot' && text.test(`${message.title} ${message.text}`);
    return this.sandbox.waitForMessage(account.group, says, { after });
  }

  /** Resolves when the bot has said so many messages in the group that say this. */
  async hearsTimes(account: FaultAccount, text: RegExp, count: number): Promise<void> {
    const saying = () => this.saidIn(account).filter(({ title, text: said }) => text.test(`${title} ${said}`)).length;
    await this.sandbox.waitForMessage(account.group, () => saying() >= count);
  }

  /** Breaks the connections of all replicas, and resolves when each has another one. */
  async reconnects(fail: () => void, requests = 1): Promise<void> {
    const { gatewayOpens, waitForConnections } = this.sandbox;
    const enough = gatewayOpens.entries.length + this.replicas.length * requests;
    fail();
    await gatewayOpens.waitFor(() => gatewayOpens.entries.length >= enough);
    await waitForConnections(this.replicas.length);
  }

  /** Says something, again while the platform has no connection that takes it, and hears the answer. */
  async hearsAnswer(account: FaultAccount): Promise<void> {
    const { seq } = await eventually(() => {
      const said = this.sandbox.say(account.group, ADMIN, '余额');
      expect(said).toMatchObject({ delivered: true });
      return said;
    }, 50);
    await this.hears(account, /^余额/, seq);
  }

  /** Resolves when nothing is due and nothing waits to be said. */
  quiet(): Promise<void> {
    return waitUntilQuiet(this.db, () => this.clock.now());
  }
}
