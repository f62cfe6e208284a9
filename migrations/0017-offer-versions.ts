import { type Kysely, sql } from 'kysely';

/** Offers in versions, each from a time on; a version may take the offer off the market. What was agreed on names its version. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table renewal_policies drop constraint renewal_policies_offer_id_fkey`.execute(db);
  // What is there was always sold as it is.
  await sql`
    alter table plan_offers
      add column version integer not null default 1 check (version > 0),
      add column effective_from timestamptz not null default 'epoch',
      add column withdrawn boolean not null default false`.execute(db);
  await sql`
    alter table plan_offers
      alter column version drop default,
      alter column effective_from drop default,
      alter column withdrawn drop default,
      alter column renewal_discount_bp drop default,
      alter column title drop not null,
      alter column segments drop not null,
      alter column price drop not null,
      alter column currency drop not null,
      alter column validity_months drop not null,
      alter column renewal_discount_bp drop not null,
      drop constraint plan_offers_pkey,
      add primary key (offer_id, version),
      add check (num_nonnulls(title, segments, price, currency, validity_months, renewal_discount_bp)
        = case when withdrawn then 0 else 6 end)`.execute(db);
  await sql`
    create trigger plan_offers_append_only before update or delete on plan_offers
    for each row execute function refuse_change()`.execute(db);

  await sql`alter table plans add column offer_version integer`.execute(db);
  await sql`update plans set offer_version = 1 where offer_id is not null`.execute(db);
  await sql`
    alter table plans add check ((offer_id is null) = (offer_version is null))`.execute(db);

  // The version of which administrators know what it costs.
  await sql`alter table renewal_policies add column offer_version integer`.execute(db);
  await sql`update renewal_policies set offer_version = 1 where offer_id is not null`.execute(db);
  await sql`
    alter table renewal_policies
      add foreign key (offer_id, offer_version) references plan_offers,
      add check ((offer_id is null) = (offer_version is null))`.execute(db);

  await sql`
    update approvals set action = jsonb_set(action, '{terms,offerVersion}', '1')
    where action->>'type' = 'purchase'`.execute(db);
  await sql`
    update approvals set action = jsonb_set(action, '{renewal,offerVersion}', '1')
    where action->>'type' = 'purchase' and jsonb_typeof(action->'renewal') = 'object'`.execute(db);
  await sql`
    update approvals set action = jsonb_set(action, '{buysNow,offerVersion}', '1')
    where action->>'type' = 'switch_auto_renewal' and action ? 'buysNow'`.execute(db);
  await sql`
    update approvals set action = jsonb_set(action, '{offerVersion}', '1') where action->>'type' = 'renew'`.execute(db);
}
