import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { compose } from '../../src/bot/compose.ts';
import { changeAccount } from '../../src/services/account-change.ts';
import { recharge } from '../../src/services/accounts.ts';
import { meterUsage } from '../../src/services/metering.ts';
import { reviewAccount } from '../../src/services/review.ts';
import { readSendingState } from '../../src/services/sending.ts';
import { withdraw } from '../../src/services/withdrawals.ts';
import { inTransaction } from '../../src/store/database.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import { aReport, NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { anAudience } from './announcements.ts';
import { ADMIN, BotWorld, MEMBER, type QueuedNotice } from './bot-world.ts';

const { db } = await createTestDatabase();
await ensurePartitions(db.kysely, NOW, NOW);

/** Where nothing is bought by itself. */
function aWorld(): Promise<BotWorld> {
  return new BotWorld(db).setUp({ language: 'en', policy: { enabled: false } });
}

function use(world: BotWorld, segments: number) {
  const report = aReport({ id: randomUUID(), segments, at: world.clock.now() });
  return inTransaction(db, (tx) => meterUsage(world.context, tx, world.accountId, [report]));
}

function review(world: BotWorld) {
  return inTransaction(db, (tx) => reviewAccount(world.context, tx, world.accountId));
}

function pass(world: BotWorld, duration: Temporal.DurationLike): void {
  world.clock.set(world.clock.now().add(duration));
}

/** Every reason against sending. */
async function reasonsOf({ context, accountId }: BotWorld) {
  return (await readSendingState(context, db.kysely, accountId)).reasons;
}

function words({ content }: QueuedNotice): string {
  return `${content.title}\n${content.markdown}`;
}

/** What was told of this kind, at last. */
async function told(world: BotWorld, kind: string): Promise<string> {
  const last = (await world.notices(kind)).at(-1);
  return last ? words(last) : '';
}

describe('what is told of money while sending is stopped by something else (rule 9)', () => {
  /** An account that is overdue, after this was done. */
  async function anOverdueWorld(graceHours: number, stop: (world: BotWorld) => Promise<unknown>): Promise<BotWorld> {
    const world = await aWorld();
    const { accountId, context } = world;
    await inTransaction(db, (tx) =>
      changeAccount(context, tx, accountId, { creditLimit: 0n, overdueGraceHours: graceHours }),
    );
    await stop(world);
    const debt = { amount: yuan('6000'), key: `w/${accountId}`, reason: 'x', mayOverdraw: true, by: 'cli' };
    await inTransaction(db, (tx) => withdraw(context, tx, { accountId, ...debt }));
    await review(world);
    return world;
  }

  async function pay(world: BotWorld): Promise<void> {
    const { accountId, context } = world;
    pass(world, { minutes: 1 });
    await inTransaction(db, (tx) =>
      recharge(context, tx, { accountId, amount: yuan('9000'), key: `r/${accountId}`, by: 'cli' }),
    );
    await review(world);
  }

  const pauseAndCap = async (world: BotWorld) => {
    await world.say(ADMIN, 'limits daily segments 1000');
    await use(world, 1000);
    await world.say(ADMIN, 'pause');
  };

  test('given a pause and a reached cap, then neither overdue nor its end promises that messages can be sent, and both name what is left', async () => {
    const world = await anOverdueWorld(0, pauseAndCap);
    const balance = words(await world.say(ADMIN, 'balance'));
    expect(balance).toContain('that ends this stop at once');
    expect(balance).not.toMatch(/resumes at once|goes on/);
    const overdue = await told(world, 'overdue');
    expect(overdue).toContain('alone it does not let messages be sent');
    expect(overdue).not.toContain('resumes by itself');
    await pay(world);
    expect(await reasonsOf(world)).toEqual(['paused', 'capped']);
    const restored = await told(world, 'restored');
    for (const text of [overdue, restored]) {
      expect(text).toContain('still paused');
      expect(text).toContain('A limit is reached');
      expect(text).not.toContain('The account is overdue, so');
    }
    expect(restored).not.toMatch(/can be sent\.|nothing left to do/);
    const [notice] = await world.notices('restored');
    expect(notice?.content.buttons.map(({ command }) => command)).toEqual(['resume', 'limits', 'balance']);
  });

  test('given a grace and a pause, then it is not said that sending still works', async () => {
    const world = await anOverdueWorld(48, (paused) => paused.say(ADMIN, 'pause'));
    const overdue = await told(world, 'overdue');
    expect(overdue).toContain('From **Mar 12, 2026, 12:00** on this stops sending as well');
    expect(overdue).toContain('still paused');
    expect(overdue).not.toContain('Sending still works');
  });

  test('given nothing else, then sending goes on by itself, and that is said', async () => {
    const world = await anOverdueWorld(0, async () => undefined);
    expect(await told(world, 'overdue')).toContain('sending resumes by itself at once');
    await pay(world);
    expect(await reasonsOf(world)).toEqual([]);
    expect(await told(world, 'restored')).toContain('messages can be sent');
  });

  test('given a cap that is reached with the last of the plans, then it is not said that messages are still sent', async () => {
    const world = await aWorld();
    await world.say(ADMIN, 'limits daily segments 50000');
    await use(world, 50_000);
    await review(world);
    const exhausted = await told(world, 'quota_exhausted');
    expect(exhausted).toContain('A limit is reached');
    expect(exhausted).not.toContain('are still sent');
  });
});

/** The code that a card is called by. */
function codeOf({ content }: QueuedNotice): string {
  return /\b([0-9A-Z]{4})\b/.exec(content.title)?.[1] ?? '';
}

/** The administrator presses a card's first button. */
function press(world: BotWorld, { content, outTrackId }: QueuedNotice): Promise<QueuedNotice> {
  return world.click(ADMIN.staffId, outTrackId, content.buttons[0]?.id ?? '');
}

describe('raising a cap: the card and its outcome say what follows for sending (rules 9 and 17)', () => {
  async function aReachedCap(): Promise<BotWorld> {
    const world = await aWorld();
    await world.say(ADMIN, 'limits daily segments 1000');
    await use(world, 1000);
    return world;
  }

  test('given nothing else, then sending goes on, and both say so', async () => {
    const world = await aReachedCap();
    const asked = await world.say(ADMIN, 'limits daily segments 5000');
    expect(words(asked)).toContain('it is lifted and sending goes on');
    const done = await world.say(ADMIN, `confirm ${codeOf(asked)}`);
    expect(words(done)).toContain('messages can be sent again');
    expect(await reasonsOf(world)).toEqual([]);
  });

  test('given another cap, a pause and a debt, then both name all that is left, and neither promises that messages can be sent', async () => {
    const world = await aReachedCap();
    const { accountId, context } = world;
    await world.say(ADMIN, 'limits monthly segments 1000');
    await world.say(ADMIN, 'pause');
    const debt = { amount: yuan('9000'), key: `w/${accountId}`, reason: 'x', mayOverdraw: true, by: 'cli' };
    await inTransaction(db, (tx) => withdraw(context, tx, { accountId, ...debt }));
    const asked = await world.say(ADMIN, 'limits daily segments 5000');
    expect(words(asked)).toContain('that alone does not let messages be sent');
    expect(words(asked)).toContain('The limit of monthly segments is reached as well');
    const done = await world.say(ADMIN, `confirm ${codeOf(asked)}`);
    expect(words(done)).toContain('A limit is reached');
    for (const text of [words(asked), words(done)]) {
      expect(text).toContain('The account is overdue');
      expect(text).toContain('still paused');
      expect(text).not.toMatch(/goes on|can be sent again/);
    }
    expect(await reasonsOf(world)).toEqual(['suspended', 'paused', 'capped']);
  });

  test('given usage that reaches the new stop before it is confirmed, then the answer and the card say that messages cannot be sent', async () => {
    const world = await aReachedCap();
    const asked = await world.say(ADMIN, 'limits daily segments 2000');
    await use(world, 1500);
    const done = await press(world, asked);
    expect(words(done)).toContain('stops at 2,000 segments');
    expect(words(done)).toContain('still cannot be sent');
    expect(words(done)).not.toMatch(/goes on|can be sent again/);
    expect(await reasonsOf(world)).toEqual(['capped']);
  });

  test('given a member whose request a colleague approves, then they are told of sending as it is after it', async () => {
    const world = await aReachedCap();
    await world.say(MEMBER, 'limits daily segments 2000');
    const [asked] = await world.notices('approval_requested');
    if (!asked) throw new Error('nobody was asked');
    await use(world, 1500);
    await press(world, asked);
    expect(await told(world, 'request_decided')).toContain('still cannot be sent');
  });

  test('given the values that it has, then it is said that they are set already, with what is used', async () => {
    const world = await aReachedCap();
    const answer = words(await world.say(ADMIN, 'limits daily segments 1000'));
    expect(answer).toContain('it is set so already');
    expect(answer).toContain('**Reached**');
    expect(answer).not.toContain('from now');
  });

  test('given a member who asked for a lower stop, when it is approved on the next day, then sending stays stopped and that is said', async () => {
    const world = await aReachedCap();
    await world.say(MEMBER, 'limits daily segments 900');
    const [asked] = await world.notices('approval_requested');
    if (!asked) throw new Error('nobody was asked');
    pass(world, { hours: 20 });
    const done = words(await press(world, asked));
    expect(done).toContain('stops at 900 segments');
    expect(done).toContain('still cannot be sent');
    expect(await reasonsOf(world)).toEqual(['capped']);
  });

  test('given somebody who comes late, then they are told what was changed, and nothing of how sending was then', async () => {
    const world = await aReachedCap();
    const asked = await world.say(ADMIN, 'limits daily segments 2000');
    await world.say(ADMIN, `confirm ${codeOf(asked)}`);
    await use(world, 1500);
    const late = words(await world.say(ADMIN, `confirm ${codeOf(asked)}`));
    expect(late).toContain('stops at 2,000 segments');
    expect(late).not.toMatch(/goes on|can be sent/);
  });
});

describe('resuming: the outcome is that of the moment in which it is confirmed (rules 9 and 17)', () => {
  async function aPausedWorld(): Promise<BotWorld> {
    const world = await aWorld();
    await world.say(ADMIN, 'limits daily segments 1000');
    await world.say(ADMIN, 'pause');
    return world;
  }

  test('given a cap that is reached before it is confirmed, then it is not said that sending goes on, but why it does not', async () => {
    const world = await aPausedWorld();
    const asked = await world.say(ADMIN, 'resume');
    await use(world, 1000);
    const done = words(await press(world, asked));
    expect(done).toContain('still cannot be sent');
    expect(done).toContain('A limit is reached');
    expect(done).not.toContain('goes on');
    expect(await reasonsOf(world)).toEqual(['capped']);
  });

  test('given a debt that is paid before it is confirmed, then sending goes on', async () => {
    const world = await aPausedWorld();
    const { accountId, context } = world;
    const debt = { amount: yuan('9000'), key: `w/${accountId}`, reason: 'x', mayOverdraw: true, by: 'cli' };
    await inTransaction(db, (tx) => withdraw(context, tx, { accountId, ...debt }));
    const asked = await world.say(ADMIN, 'resume');
    expect(words(asked)).toContain('until it is recharged');
    const payment = { amount: yuan('9000'), key: `r/${accountId}`, by: 'cli' };
    await inTransaction(db, (tx) => recharge(context, tx, { accountId, ...payment }));
    expect(words(await press(world, asked))).toContain('Sending **goes on** from now');
    expect(await reasonsOf(world)).toEqual([]);
  });

  test('given somebody who comes late, then they are told that it was lifted, and nothing of how sending was then', async () => {
    const world = await aPausedWorld();
    const asked = await world.say(ADMIN, 'resume');
    await use(world, 1000);
    await press(world, asked);
    const late = words(await world.say(ADMIN, `confirm ${codeOf(asked)}`));
    expect(late).toContain('What could be lifted was lifted.');
    expect(late).not.toMatch(/goes on|cannot be sent/);
  });
});

describe('what is told of a reached cap, with figures of the period in which it was', () => {
  test('given a repeat on the next day, then it has the use of the day that it names', async () => {
    const world = await aWorld();
    await world.say(ADMIN, 'limits daily segments 1000');
    await use(world, 1200);
    await review(world);
    pass(world, { hours: 24 });
    await review(world);
    const [first, ...later] = (await world.notices('cap_reached')).map(words);
    expect(later.length).toBeGreaterThan(0);
    for (const text of [first, ...later]) {
      expect(text).toContain(
        'On Mar 10, 2026, the account has used **1,200 segments** (daily segments), which reaches',
      );
    }
  });

  test('given another cap and a pause, then it is not said that raising it lets messages be sent, but what else keeps them', async () => {
    const world = await aWorld();
    await world.say(ADMIN, 'limits daily segments 1000');
    await world.say(ADMIN, 'limits monthly segments 1000');
    await world.say(ADMIN, 'pause');
    await use(world, 1000);
    await review(world);
    const texts = (await world.notices('cap_reached')).map(words);
    expect(texts).toHaveLength(2);
    for (const text of texts) {
      expect(text).toContain('Raising this limit alone does not let messages be sent');
      expect(text).toContain('still paused');
      expect(text).not.toContain('sending goes on');
    }
    expect(texts.join('\n')).toContain('The limit of monthly segments is reached as well');
    expect(texts.join('\n')).toContain('The limit of daily segments is reached as well');
  });

  test.each([
    ['en', 'A credit has made it **¥20.04** since', 'which reaches'],
    ['zh-CN', '现为 **¥20.04**，停发不因此解除', '已用'],
  ] as const)(
    'given a credit that made it less (%s), then it is not said that it reaches the stop value',
    (language, said, not) => {
      const cap = { period: 'day', unit: 'money', stop: yuan('22.5'), warn: null } as const;
      const news = { kind: 'cap_reached', ...cap, in: '2026-03-10', used: yuan('20.04'), at: NOW } as const;
      const { markdown } = compose(news, anAudience({ language }));
      expect(markdown).toContain(said);
      expect(markdown).not.toContain(not);
    },
  );
});
