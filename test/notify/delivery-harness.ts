import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { ManualClock } from '../../src/clock.ts';
import { OpenApi } from '../../src/dingtalk/open-api.ts';
import { completeSettings } from '../../src/dingtalk/settings.ts';
import { Deliverer, type DelivererOptions } from '../../src/notify/deliverer.ts';
import { Messenger } from '../../src/notify/messenger.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { type Database, inTransaction } from '../../src/store/database.ts';
import { insertNotice, type NewNotice, NO_ACCOUNT } from '../../src/store/notices.ts';
import { NOW } from '../support/builders.ts';
import { APP, GROUP, startTestSandbox } from '../support/sandbox-world.ts';

export const CARD = '/v1.0/card/instances/createAndDeliver';
export const CARD_CHANGE = 'PUT /v1.0/card/instances';
export const GROUP_SEND = '/v1.0/robot/groupMessages/send';
export const DIRECT_SEND = '/v1.0/robot/oToMessages/batchSend';

/** What the platform answers when it fails, does not allow, or is called too fast. */
export const BROKEN = { status: 500, body: { code: 'system.error', message: '系统错误' } };
export const FORBIDDEN = {
  status: 403,
  body: { code: 'Forbidden.AccessDenied.AccessTokenPermissionDenied', message: '没有权限' },
};
export const TOO_FAST = {
  status: 403,
  body: { code: 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi', message: '太快' },
};

const BUTTON = { id: 'on', label: '开启', style: 'primary', command: '自动续费 开' } as const;

export type NoticeOverrides = Partial<NewNotice> & { title?: string };

/** A notice to the group, with a button, that mentions its administrator. */
export function aNotice(overrides: NoticeOverrides = {}): NewNotice {
  const { title = '余量不足', ...rest } = overrides;
  return {
    accountId: NO_ACCOUNT,
    key: randomUUID(),
    reason: 'quota_low',
    recipient: `corp/${GROUP}`,
    target: { type: 'group', conversationId: GROUP, directTo: ['zhangwei'] },
    content: {
      title,
      markdown: `#### ${title}\n剩余 **1,000** 条`,
      buttons: [BUTTON],
      hint: '回复「自动续费 开」',
      mentions: [{ userId: 'zhangwei', name: '张伟' }],
    },
    outTrackId: `steward-${randomUUID()}`,
    ...rest,
  };
}

/** A deliverer on a real database, talking to the emulator with the real client, at a time that the test sets. */
export class DeliveryHarness {
  readonly db: Database;
  readonly sandbox: Sandbox;
  readonly clock = new ManualClock(NOW);
  readonly deliverer: Deliverer;

  private constructor(db: Database, sandbox: Sandbox) {
    this.db = db;
    this.sandbox = sandbox;
    this.deliverer = this.newDeliverer();
  }

  static async start(db: Database): Promise<DeliveryHarness> {
    return new DeliveryHarness(db, await startTestSandbox({ behaviour: { callsPerSecond: 10_000 } }));
  }

  async stop(): Promise<void> {
    await this.deliverer.stop();
    await this.sandbox.stop();
    await this.db.kysely.deleteFrom('notices').execute();
  }

  /** @param timeoutMs for a test in which a call hangs */
  newMessenger(timeoutMs?: number): Messenger {
    const settings = completeSettings({ ...APP, apiBase: this.sandbox.url, oapiBase: this.sandbox.url });
    const { cardTemplateId, robotName } = settings;
    return new Messenger(new OpenApi(settings, timeoutMs === undefined ? {} : { timeoutMs }), cardTemplateId, {
      robotName,
    });
  }

  newDeliverer(options: Partial<DelivererOptions> = {}): Deliverer {
    const logger = pino({ level: 'silent' });
    return new Deliverer({ db: this.db, messenger: this.newMessenger(), clock: this.clock, logger, ...options });
  }

  async queue(overrides: NoticeOverrides = {}): Promise<NewNotice> {
    const notice = aNotice(overrides);
    await inTransaction(this.db, (tx) => insertNotice(tx, notice, this.clock.now()));
    return notice;
  }

  stored(notice: NewNotice) {
    return this.db.kysely
      .selectFrom('notices')
      .select(['state', 'form', 'attempts', 'next_attempt_at', 'last_error', 'leased_until'])
      .where('key', '=', notice.key)
      .executeTakeFirstOrThrow();
  }

  deliver(): Promise<void> {
    return this.deliverer.deliverDue();
  }

  /** Moves the clock to the notice's next attempt and makes it. */
  async attemptAgain(notice: NewNotice): Promise<void> {
    this.clock.set((await this.stored(notice)).next_attempt_at);
    await this.deliver();
  }

  inGroup() {
    return this.sandbox.messages(GROUP);
  }

  toAdministrator() {
    return this.sandbox.messages('direct:zhangwei');
  }

  callsOf(path: string) {
    return this.sandbox.calls.entries.filter((call) => call.path === path);
  }
}
