import { type Kysely, sql } from 'kysely';

/** The audit, what an account's administrators set besides auto-renewal, and for which group a card in a direct conversation acts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // No reference to accounts: what concerns all accounts, such as a price list, is kept under the id of none.
  await sql`
    create table audit (
      account_id uuid not null,
      audit_id uuid not null,
      at timestamptz not null,
      ordinal bigint not null,
      actor_kind text not null check (actor_kind in ('person', 'operator', 'auto_renewal', 'system')),
      actor_id text,
      actor_name text,
      deed text not null,
      details jsonb not null,
      outcome text not null,
      via text not null check (via in ('chat', 'cli', 'service', 'unrecorded')),
      corp_id text,
      conversation_id text,
      message_id text,
      approval_id uuid,
      approval_code text,
      requested_by text,
      requester_name text,
      decided_by text,
      decider_name text,
      primary key (account_id, audit_id),
      check ((actor_kind = 'person') = (actor_id is not null)),
      check ((via = 'chat') = (message_id is not null)),
      check ((approval_id is null) = (approval_code is null))
    )`.execute(db);
  await sql`create index audit_by_time on audit (account_id, at, ordinal)`.execute(db);
  await sql`create index audit_of_approval on audit (account_id, approval_id) where approval_id is not null`.execute(
    db,
  );
  await keepWhatIsKnown(db);
  await sql`
    create trigger audit_append_only before update or delete on audit
    for each row execute function refuse_change()`.execute(db);
  await sql`
    create trigger audit_no_truncate before truncate on audit
    for each statement execute function refuse_change()`.execute(db);

  await sql`
    create table account_settings (
      account_id uuid primary key references accounts,
      alert_share integer check (alert_share between 1 and 99),
      quiet_from text check (quiet_from ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
      quiet_until text check (quiet_until ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
      alerts_to text not null check (alerts_to in ('group', 'direct', 'both')),
      second_contact_id text,
      second_contact_name text,
      escalate_after_minutes integer not null check (escalate_after_minutes between 1 and 10080),
      spike_factor integer not null check (spike_factor between 2 and 100),
      digest_at text check (digest_at ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
      changed_at timestamptz not null,
      check ((quiet_from is null) = (quiet_until is null)),
      check (quiet_from <> quiet_until),
      check ((second_contact_id is null) = (second_contact_name is null))
    )`.execute(db);

  await sql`alter table cards add column acts_in text`.execute(db);
}

/** What was done before the audit was kept, as far as the other tables tell: not from which message. */
async function keepWhatIsKnown(db: Kysely<unknown>): Promise<void> {
  await sql`
    insert into audit (account_id, audit_id, at, ordinal, actor_kind, deed, details, outcome, via)
    select account_id, gen_random_uuid(), at, 0, 'operator', 'recharged', jsonb_build_object('amount', amount::text), 'done',
      'unrecorded'
    from transfers where kind = 'recharge'`.execute(db);
  await sql`
    insert into audit (account_id, audit_id, at, ordinal, actor_kind, deed, details, outcome, via)
    select account_id, gen_random_uuid(), effective_at, 0,
      case source when 'renewal' then 'auto_renewal' else 'operator' end,
      case source when 'renewal' then 'renewed' else 'plan_granted' end,
      jsonb_build_object('title', title, 'segments', total::text, 'price', price::text), 'done', 'unrecorded'
    from plans`.execute(db);
  await sql`
    insert into audit (account_id, audit_id, at, ordinal, actor_kind, actor_id, actor_name, deed, details, outcome, via,
      approval_id, approval_code, requested_by, requester_name)
    select account_id, gen_random_uuid(), requested_at, 0,
      case requested_by when 'auto-renewal' then 'auto_renewal' else 'person' end,
      nullif(requested_by, 'auto-renewal'), requester_name, 'requested', jsonb_build_object('action', action), 'done',
      'unrecorded', approval_id, code, requested_by, requester_name
    from approvals`.execute(db);
  await sql`
    insert into audit (account_id, audit_id, at, ordinal, actor_kind, actor_id, actor_name, deed, details, outcome, via,
      approval_id, approval_code, requested_by, requester_name, decided_by, decider_name)
    select account_id, gen_random_uuid(), decided_at, 1, case when decided_by is null then 'system' else 'person' end,
      decided_by, decider_name, 'decided', jsonb_build_object('action', action, 'state', state),
      coalesce(outcome, 'done'), 'unrecorded', approval_id, code, requested_by, requester_name, decided_by, decider_name
    from approvals where decided_at is not null`.execute(db);
  await sql`
    insert into audit (account_id, audit_id, at, ordinal, actor_kind, actor_id, deed, details, outcome, via)
    select account_id, gen_random_uuid(), bound_at, 0, 'person', bound_by, 'group_bound',
      jsonb_build_object('title', title, 'conversationId', conversation_id), 'done', 'unrecorded'
    from groups`.execute(db);
}
