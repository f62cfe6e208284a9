import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/store/database.ts';
import { insertNotice } from '../../src/store/notices.ts';
import { aNotice, type NoticeOverrides } from '../notify/delivery-harness.ts';
import { BillingWorld } from '../support/billing-world.ts';
import { NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cli, codeOf, jsonOf, type Ran } from './cli.ts';

const { db, url } = await createTestDatabase();
const folder = await mkdtemp(join(tmpdir(), 'sms-steward-notices-'));
afterAll(() => rm(folder, { recursive: true }));
const run = (...args: string[]): Promise<Ran> => cli(args, { env: { DATABASE_URL: url }, folder });
const json = async (...args: string[]) => jsonOf(await run(...args, '--json'));
const account = await (await BillingWorld.on(db)).openAccount({ name: 'Acme' });

beforeEach(async () => {
  await db.kysely.deleteFrom('notices').execute();
});

/** A notice that nobody got, unless it is said otherwise. */
async function aLetter(
  overrides: NoticeOverrides & { state?: 'dead' | 'waiting' | 'delivered'; mergedInto?: string } = {},
) {
  const { state = 'dead', mergedInto = null, ...rest } = overrides;
  const notice = aNotice(rest);
  await inTransaction(db, (tx) => insertNotice(tx, notice, NOW));
  const letter = { state, attempts: 60, last_error: 'group.disbanded', finished_at: NOW, merged_into: mergedInto };
  return db.kysely
    .updateTable('notices')
    .set(letter)
    .where('key', '=', notice.key)
    .returning(['notice_id as id', 'key'])
    .executeTakeFirstOrThrow();
}

const states = async () =>
  Object.fromEntries(
    (await db.kysely.selectFrom('notices').select(['notice_id', 'state']).execute()).map((row) => [
      row.notice_id,
      row.state,
    ]),
  );

describe('dead letters (rule 22)', () => {
  test('when they are listed, then they and nothing else are shown, with why; of one account, when it is named', async () => {
    const dead = await aLetter({ title: '余量不足' });
    const ofAccount = await aLetter({ accountId: account.id });
    await aLetter({ state: 'waiting' });
    expect(await json('notices', 'list', '--account', 'Acme')).toMatchObject([
      { id: ofAccount.id, state: 'dead', title: '余量不足', lastError: 'group.disbanded', accountId: account.id },
    ]);
    expect((await run('notices', 'list', '--state', 'dead')).out).toMatch(
      new RegExp(`^${dead.id} +dead +quota_low .*60 +group.disbanded$`, 'm'),
    );
  });

  test('when one is shown by the beginning of its id, then all that it says is there', async () => {
    const { id } = await aLetter({ title: '余量不足' });
    const { out } = await run('notices', 'show', id.slice(0, 8));
    expect(out).toContain(id);
    expect(out).toMatch(/^Error +group\.disbanded$/m);
    expect(out).toContain('剩余 **1,000** 条');
  });

  test('when one is retried, then it waits again, as due now, with what was said in one message with it, and the others stay', async () => {
    const leader = await aLetter();
    const merged = await aLetter({ mergedInto: leader.id });
    const other = await aLetter();
    expect(await json('notices', 'retry', merged.id)).toEqual({ notices: 2, overtaken: 0 });
    expect(await states()).toEqual({ [leader.id]: 'waiting', [merged.id]: 'waiting', [other.id]: 'dead' });
    expect(codeOf(await run('notices', 'retry', leader.id))).toBe('notice_not_dead');
  });

  test('given changes of a card that says something newer by now, when they are retried, then they are dropped: the card is not taken back', async () => {
    const target = { type: 'card', conversationId: 'cidGroup' } as const;
    const escalated = await aLetter({ target, outTrackId: 'one' });
    const ofOther = await aLetter({ target, outTrackId: 'other' });
    const answered = await aLetter({ target, outTrackId: 'one', state: 'waiting' });
    const { out } = await run('notices', 'retry', '--state', 'dead');
    expect(out).toMatch(/^Sent again: 1\.\nDropped.*: 1\.$/m);
    expect(await states()).toEqual({ [escalated.id]: 'dropped', [ofOther.id]: 'waiting', [answered.id]: 'waiting' });
  });

  test('given cards that nobody got, when what became of one was told in its place, then that card is not shown as if nothing had happened', async () => {
    const change = { type: 'card', conversationId: 'cidGroup' } as const;
    const ended = await aLetter({ outTrackId: 'ended' });
    await aLetter({ target: change, outTrackId: 'ended', state: 'delivered' });
    const ending = await aLetter({ outTrackId: 'ending' });
    await aLetter({ target: change, outTrackId: 'ending', state: 'waiting' });
    expect(await json('notices', 'retry', '--state', 'dead')).toEqual({ notices: 1, overtaken: 1 });
    // Its change waits behind it, so that both are told in their order.
    expect(await states()).toMatchObject({ [ended.id]: 'dropped', [ending.id]: 'waiting' });
  });

  test('given a card and its changes, all of which nobody got, when the card is retried, then its changes are too, and no other card', async () => {
    const change = { type: 'card', conversationId: 'cidGroup' } as const;
    const before = await aLetter({ target: change, outTrackId: 'one' });
    const card = await aLetter({ outTrackId: 'one' });
    const approved = await aLetter({ target: change, outTrackId: 'one' });
    const ofOther = await aLetter({ target: change, outTrackId: 'other' });
    const withoutCard = await aLetter({ outTrackId: null });
    expect(await json('notices', 'retry', card.id)).toEqual({ notices: 2, overtaken: 0 });
    expect(await states()).toEqual({
      ...{ [before.id]: 'dead', [card.id]: 'waiting', [approved.id]: 'waiting' },
      ...{ [ofOther.id]: 'dead', [withoutCard.id]: 'dead' },
    });
  });

  test('given two changes of a card, both of which nobody got, when the earlier one is retried, then the card ends with the later one', async () => {
    const change = { type: 'card', conversationId: 'cidGroup' } as const;
    const escalated = await aLetter({ target: change, outTrackId: 'one' });
    const answered = await aLetter({ target: change, outTrackId: 'one' });
    await run('notices', 'retry', escalated.id);
    expect(await states()).toEqual({ [escalated.id]: 'waiting', [answered.id]: 'waiting' });
  });

  test('when those of an account are dropped, then they are given up, and the others are when all are', async () => {
    const mine = await aLetter({ accountId: account.id });
    const other = await aLetter();
    expect(await json('notices', 'drop', '--account', 'Acme')).toEqual({ notices: 1 });
    expect(await states()).toEqual({ [mine.id]: 'dropped', [other.id]: 'dead' });
    expect(await json('notices', 'drop', '--state', 'dead')).toEqual({ notices: 1 });
    expect(await states()).toEqual({ [mine.id]: 'dropped', [other.id]: 'dropped' });
  });

  test('when they are retried or dropped, then the audit has the operator and what it was about, in that of each account, and in that of none', async () => {
    const auditOf = async (...of: string[]) =>
      (await run('audit', 'export', '--format', 'jsonl', ...of)).out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ deed }) => String(deed).startsWith('notices_'));
    const before = (await auditOf()).length;
    const mine = await aLetter({ accountId: account.id });
    const other = await aLetter();
    await run('notices', 'retry', '--state', 'dead');
    await db.kysely.updateTable('notices').set({ state: 'dead', finished_at: NOW }).execute();
    await run('notices', 'drop', mine.id);
    expect(codeOf(await run('notices', 'drop', mine.id))).toBe('notice_not_dead');

    const by = { actor: 'operator', via: 'cli', outcome: 'done' };
    const told = ({ id }: { id: string }) => ({ notices: [{ id, reason: 'quota_low' }] });
    const entries = (await auditOf()).slice(before);
    expect(entries).toHaveLength(3);
    expect(entries).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...by, deed: 'notices_retried', account: account.id, details: told(mine) }),
        expect.objectContaining({ ...by, deed: 'notices_retried', account: null, details: told(other) }),
        expect.objectContaining({ ...by, deed: 'notices_dropped', account: account.id, details: told(mine) }),
      ]),
    );
    expect((await auditOf('--account', 'Acme')).at(-1)).toMatchObject({ deed: 'notices_dropped' });
  });

  test('when it is not said which, or nothing is meant by it, then that is said', async () => {
    expect(codeOf(await run('notices', 'retry'))).toBe('notices_unnamed');
    expect(codeOf(await run('notices', 'drop', 'deadbeef'))).toBe('notice_unknown');
    expect((await run('notices', 'retry', '--language', 'zh-CN')).error).toContain('请说明是哪些');
  });
});
