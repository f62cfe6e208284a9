import { beforeAll, describe, expect, test } from 'vitest';
import { createAccount } from '../../src/services/accounts.ts';
import { authorizeGroup, bindGroup, issueGroupCode } from '../../src/services/groups.ts';
import { isAdministrator } from '../../src/services/roles.ts';
import { readGroup } from '../../src/store/groups.ts';
import { ADMIN, BillingWorld, kinds, MEMBER, TestAccount } from '../support/billing-world.ts';
import { NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;
let accountId: string;
let conversations = 0;

beforeAll(async () => {
  world = await BillingWorld.on(db);
  accountId = await world.run((tx) =>
    createAccount(world.context, tx, {
      name: 'Bound Ltd',
      tariffId: 'test',
      timeZone: 'Asia/Shanghai',
      defaultTemplateType: 'notification',
      creditLimit: 0n,
      overdueGraceHours: 0,
    }),
  );
});

function aConversation() {
  conversations += 1;
  return { corpId: 'corp', conversationId: `cid-${conversations}` };
}

function issue() {
  return world.run((tx) => issueGroupCode(world.context, tx, accountId));
}

function bind(code: string, conversation = aConversation()) {
  return world.run((tx) =>
    bindGroup(world.context, tx, { conversation, title: '短信运维群', language: 'zh-CN', code, actor: ADMIN }),
  );
}

describe('binding codes', () => {
  test('given a code, when a group sends it, then the group is bound and the sender is its administrator, nobody else', async () => {
    const conversation = aConversation();
    const { code, expiresAt } = await issue();
    expect(expiresAt).toEqual(NOW.add({ minutes: 15 }));
    expect(await bind(code, conversation)).toEqual({ type: 'bound', accountName: 'Bound Ltd' });
    expect(await readGroup(db.kysely, conversation)).toMatchObject({ accountId, title: '短信运维群' });
    expect(await isAdministrator(db.kysely, conversation, ADMIN)).toBe(true);
    expect(await isAdministrator(db.kysely, conversation, MEMBER)).toBe(false);
    expect(await isAdministrator(db.kysely, conversation, { staffId: null, name: ADMIN.name })).toBe(false);
  });

  test('given a code as people type it, with spaces, hyphens and small letters, then it is the same', async () => {
    const { code } = await issue();
    const typed = ` ${code.slice(0, 4).toLowerCase()}-${code.slice(4)} `;
    expect(await bind(typed)).toMatchObject({ type: 'bound' });
  });

  test('given a used code, then it works no more', async () => {
    const { code } = await issue();
    await bind(code);
    expect(await bind(code)).toEqual({ type: 'wrong_code' });
  });

  test('given a code that two groups send at once, then one of them is bound', async () => {
    const { code } = await issue();
    const results = await Promise.all([bind(code), bind(code), bind(code)]);
    expect(results.filter(({ type }) => type === 'bound')).toHaveLength(1);
  });

  test('given a code that is 15 minutes old, then it is over', async () => {
    world.clock.set(NOW);
    const [late, last] = [await issue(), await issue()];
    world.pass({ minutes: 14, seconds: 59 });
    expect(await bind(last.code)).toMatchObject({ type: 'bound' });
    world.clock.set(NOW.add({ minutes: 15 }));
    expect(await bind(late.code)).toEqual({ type: 'wrong_code' });
  });

  test('given a bound group, then another code does not bind it again, and is not used up', async () => {
    world.clock.set(NOW);
    const conversation = aConversation();
    const [first, second] = [await issue(), await issue()];
    await bind(first.code, conversation);
    expect(await bind(second.code, conversation)).toEqual({ type: 'already_bound', accountName: 'Bound Ltd' });
    expect(await bind(second.code)).toMatchObject({ type: 'bound' });
  });

  test('given five wrong codes, then also a right one is refused until the quarter of an hour is over; other groups are not affected', async () => {
    world.clock.set(NOW);
    const conversation = aConversation();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(await bind('WRONGONE', conversation)).toEqual({ type: 'wrong_code' });
    }
    const { code } = await issue();
    expect(await bind(code, conversation)).toEqual({ type: 'too_many_tries' });
    expect(await bind(code)).toMatchObject({ type: 'bound' });
    world.pass({ minutes: 15 });
    const fresh = await issue();
    expect(await bind(fresh.code, conversation)).toMatchObject({ type: 'bound' });
  });

  test('given the codes in the database, then none can be read from it', async () => {
    const { code } = await issue();
    const rows = await db.kysely.selectFrom('group_codes').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(code);
  });
});

describe('given an account without a group that is overdue', () => {
  test('when its first group is bound, then that is told there; when a second one is, then it is not told again', async () => {
    world.clock.set(NOW);
    const id = await world.run((tx) =>
      createAccount(world.context, tx, {
        name: 'Lonely Ltd',
        tariffId: 'test',
        timeZone: 'Asia/Shanghai',
        defaultTemplateType: 'notification',
        creditLimit: 0n,
        overdueGraceHours: 0,
      }),
    );
    const conversation = aConversation();
    const account = new TestAccount(world, id, {
      ...conversation,
      accountId: id,
      title: '短信运维群',
      language: 'zh-CN',
    });
    await account.use(10);
    await account.review();
    expect(await account.told()).toEqual([]);

    const authorize = (where: typeof conversation) =>
      world.run((tx) =>
        authorizeGroup(world.context, tx, {
          accountId: id,
          conversation: where,
          title: '短信运维群',
          language: 'zh-CN',
          actor: ADMIN,
        }),
      );
    await authorize(conversation);
    await account.review();
    expect(kinds(await account.news())).toEqual(['overdue']);
    await authorize(aConversation());
    await account.review();
    expect(await account.news()).toEqual([]);
  });
});
