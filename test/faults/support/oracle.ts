import { sql } from 'kysely';
import { expect } from 'vitest';
import type { Message } from '../../../src/sandbox/conversations.ts';
import type { Sandbox } from '../../../src/sandbox/sandbox.ts';
import { reconcile } from '../../../src/services/reconcile.ts';
import type { Database } from '../../../src/store/database.ts';
import { expectBooksRight } from '../../support/books.ts';
import { ADMIN, type FaultWorld } from './fault-world.ts';
import { unfinished } from './quiet.ts';

/** What accounts of earlier runs have was looked at then, and `reconcile` looks at all. */
const NEWEST = 3;

/**
 * What must hold after every run, whatever went wrong in it: the books are right, every episode was told, every notice was said and no card
 * of one notice is there twice, nothing was done twice, spending is within the guards, and nothing waits longer than it may.
 */
export async function expectNothingLostOrDoubled(world: FaultWorld): Promise<void> {
  const { db, sandbox, clock } = world;
  await world.quiet();
  expect(await reconcile(db, null)).toEqual([]);
  const accounts = await db.kysely
    .selectFrom('accounts')
    .select('account_id')
    .orderBy('created_at', 'desc')
    .limit(NEWEST)
    .execute();
  for (const { account_id } of accounts) await expectBooksRight(db, account_id);
  expect([
    ...(await untoldEpisodes(db)),
    ...(await doubledEffects(db)),
    ...(await brokenGuards(db)),
    ...(await differencesToThePlatform(db, sandbox)),
    ...(await unfinished(db, clock.now())),
  ]).toEqual([]);
}

/** Episodes of which no notice was delivered, and conditions with two open episodes. (rule 19) */
async function untoldEpisodes(db: Database): Promise<string[]> {
  const { rows } = await sql<{ what: string }>`
    select 'nobody was told of ' || kind || ' ' || subject || ' of ' || account_id as what from alerts a
    where not exists (
      select 1 from notices n where n.account_id = a.account_id and starts_with(n.key, 'alert/' || a.alert_id || '/')
        and n.state = 'delivered')
    union all
    select 'two episodes of ' || kind || ' ' || subject || ' are open' from alerts where closed_at is null
    group by account_id, kind, subject having count(*) > 1
    union all
    select kind || ' ' || subject || ' level ' || level || ' was told twice' from (
      select a.kind, a.subject, a.level, n.recipient, n.content ->> 'markdown', count(*)
      from alerts a join notices n on n.account_id = a.account_id and starts_with(n.key, 'alert/' || a.alert_id || '/')
      group by a.kind, a.subject, a.level, a.alert_id, n.recipient, n.content ->> 'markdown' having count(*) > 1) twice
    `.execute(db.kysely);
  return rows.map(({ what }) => what);
}

/** Messages with two effects or two answers, approvals and renewals that bought twice. (promises 1 and 4) */
async function doubledEffects(db: Database): Promise<string[]> {
  const { rows } = await sql<{ what: string }>`
    select 'message ' || message_id || ' did twice: ' || deed as what from audit where message_id is not null
    group by message_id, deed, details having count(*) > 1
    union all
    select 'message ' || i.message_id || ' has ' || count(n.key) || ' answers' from inbox i
    left join notices n on n.key = 'reply/' || i.corp_id || '/' || i.message_id
    group by i.corp_id, i.message_id
    having count(n.key) > 1 or count(n.key) = 0 and not exists (
      -- The card that was clicked may itself have become the answer.
      select 1 from notices c where 'click/' || c.trace = i.message_id and c.target ->> 'type' = 'card')
    union all
    select 'approval ' || approval_id || ' did twice: ' || deed from audit where approval_id is not null and outcome = 'done'
    group by approval_id, deed having count(*) > 1
    union all
    select 'a plan was bought twice for one renewal' from renewals where plan_id is not null
    group by account_id, plan_id having count(*) > 1`.execute(db.kysely);
  return rows.map(({ what }) => what);
}

/** Accounts for which auto-renewal bought more than its policy allows. (rule 13) */
async function brokenGuards(db: Database): Promise<string[]> {
  const { rows } = await sql<{ what: string }>`
    with bought as (
      select p.account_id, p.price, (p.effective_at at time zone a.time_zone)::date as day
      from plans p join accounts a using (account_id) where p.source = 'renewal')
    select 'account ' || account_id || ' renewed ' || count(*) || ' times on ' || day as what
    from bought join renewal_policies r using (account_id)
    group by account_id, day, r.purchases_per_day having count(*) > r.purchases_per_day
    union all
    select 'account ' || account_id || ' renewed ' || count(*) || ' times in a month'
    from bought join renewal_policies r using (account_id)
    group by account_id, date_trunc('month', day), r.purchases_per_month, r.money_per_month
    having count(*) > r.purchases_per_month or sum(price) > r.money_per_month`.execute(db.kysely);
  return rows.map(({ what }) => what);
}

interface Said {
  readonly key: string;
  readonly card: string;
  readonly title: string;
  readonly conversation: string;
}

/** Notices that are marked as said and are not there, and cards that nobody queued or that are there twice. (promise 5, rule 22) */
async function differencesToThePlatform(db: Database, sandbox: Sandbox): Promise<string[]> {
  const { rows: said } = await sql<Said>`
    select key, coalesce(out_track_id, '') as card, content ->> 'title' as title,
      case target ->> 'type' when 'direct' then 'direct:' || (target ->> 'userId') else target ->> 'conversationId' end as conversation
    from notices where state = 'delivered' and merged_into is null and form = 'card' and target ->> 'type' <> 'card'`.execute(
    db.kysely,
  );
  const { rows: queued } = await sql<{ card: string }>`
    select out_track_id as card from notices where out_track_id is not null`.execute(db.kysely);
  const conversations = new Set([...said.map(({ conversation }) => conversation), `direct:${ADMIN}`]);
  const shown: Message[] = [...conversations]
    .flatMap((id) => sandbox.messages(id))
    .filter(({ from }) => from === 'bot');
  const cards = shown.flatMap(({ outTrackId }) => (outTrackId === null ? [] : [outTrackId]));
  const known = new Set(queued.map(({ card }) => card));
  return [
    ...said.filter(({ card }) => !cards.includes(card)).map(({ key }) => `notice ${key} is nowhere to be seen`),
    ...cards.filter((card, index) => cards.indexOf(card) !== index).map((card) => `card ${card} is there twice`),
    ...cards.filter((card) => !known.has(card)).map((card) => `card ${card} is of no notice`),
  ];
}
