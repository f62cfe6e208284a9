import { Writable } from 'node:stream';
import { pino } from 'pino';
import { pauseSending, resumeSending } from '../../src/services/limits.ts';
import { addWebhook, listWebhooks } from '../../src/services/webhooks.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import type { Database } from '../../src/store/database.ts';
import { nextEventAt } from '../../src/store/webhooks.ts';
import { WebhookDeliverer } from '../../src/webhooks/deliverer.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { NOW } from '../support/builders.ts';

const BY = { by: 'zhangwei', byName: '张伟' };

/** Accounts whose sending state changes, and deliverers that tell of it. */
export class WebhookWorld {
  readonly db: Database;
  readonly billing: BillingWorld;
  /** What was logged, a line each. */
  readonly log: string[] = [];
  readonly #logger = pino(
    { level: 'trace', base: {} },
    new Writable({
      write: (line, _encoding, done) => {
        this.log.push(String(line));
        done();
      },
    }),
  );

  private constructor(db: Database, billing: BillingWorld) {
    this.db = db;
    this.billing = billing;
  }

  static async on(db: Database): Promise<WebhookWorld> {
    return new WebhookWorld(db, await BillingWorld.on(db));
  }

  /** Ends all subscriptions: what one test left behind is no other one's business. */
  async clear(): Promise<void> {
    await this.db.kysely.updateTable('webhooks').set({ removed_at: NOW }).execute();
  }

  async anAccount(): Promise<TestAccount> {
    this.billing.clock.set(NOW);
    const account = await this.billing.openAccount();
    await account.recharge('1000');
    await account.review();
    return account;
  }

  subscribe(account: TestAccount, url: string) {
    return this.billing.run((tx) => addWebhook(this.billing.context, tx, account.id, url));
  }

  deliverer(options: Partial<ConstructorParameters<typeof WebhookDeliverer>[0]> = {}): WebhookDeliverer {
    return new WebhookDeliverer({ db: this.db, clock: this.billing.clock, logger: this.#logger, ...options });
  }

  pause(account: TestAccount) {
    const { context } = this.billing;
    return this.billing.run(async (tx) => pauseSending(context, tx, await lockAccount(tx, account.id), BY));
  }

  resume(account: TestAccount) {
    const { context } = this.billing;
    const ends = { pause: true, caps: [] };
    return this.billing.run(async (tx) => resumeSending(context, tx, await lockAccount(tx, account.id), ends, BY));
  }

  /** How the account's first subscription is doing. */
  async newest(account: TestAccount) {
    const [webhook] = await listWebhooks(this.db.kysely, account.id);
    return webhook?.health;
  }

  /** Tries again and again, each time when it is due; how often, until it is in this state. */
  async retryUntil(account: TestAccount, state: string, by = this.deliverer()): Promise<number> {
    for (let tries = 1; tries <= 70; tries += 1) {
      await by.deliverDue();
      if ((await this.newest(account))?.state === state) return tries;
      const next = await nextEventAt(this.db.kysely);
      if (next) this.billing.clock.set(next);
    }
    throw new Error(`it never was ${state}`);
  }
}
