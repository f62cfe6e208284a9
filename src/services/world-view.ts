import { moneyToDecimal } from '../domain/money.ts';
import type { Sending, SendingReason, Standing } from '../domain/standing.ts';
import { listAccounts } from '../store/accounts.ts';
import { readOpenAlerts } from '../store/alerts.ts';
import type { Database } from '../store/database.ts';
import { type Language, readAdministrators, readGroupsOfAccount } from '../store/groups.ts';
import { countNotices } from '../store/notices.ts';
import type { Executor } from '../store/schema.ts';
import { listPending } from './approvals.ts';
import type { ServiceContext } from './context.ts';
import { type Overview, readOverview } from './overview.ts';

/** What cannot be seen in a chat, as plain data: money as exact decimals, times as ISO 8601. */
export interface WorldView {
  readonly accounts: AccountView[];
  /** Of all accounts, and of conversations that no account owns. */
  readonly notices: { readonly waiting: number; readonly dead: number; readonly delivered: number };
}

export interface AccountView {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly balance: string;
  /** Balance and credit limit together. */
  readonly available: string;
  readonly standing: Standing;
  readonly sending: Sending;
  /** Every reason against sending. */
  readonly reasons: readonly SendingReason[];
  /** In segments, of all active plans. */
  readonly quota: number;
  /** Active plans, the one that is used first in front. */
  readonly plans: { id: string; title: string; total: number; remaining: number; expiresAt: string }[];
  readonly autoRenewal: { enabled: boolean; threshold: number; offerTitle: string | null };
  /** Episodes that have not ended, the oldest first. */
  readonly alerts: { kind: string; level: number; since: string }[];
  readonly approvals: { code: string; summary: string; requester: string | null; expiresAt: string }[];
}

/** Reads what the whole world looks like now. For a world that a person can look over: it reads every account. */
export async function readWorldView(context: ServiceContext, { kysely }: Database): Promise<WorldView> {
  const accounts: AccountView[] = [];
  for (const { id } of await listAccounts(kysely)) accounts.push(await readAccountView(context, kysely, id));
  return { accounts, notices: await countNotices(kysely) };
}

async function readAccountView(context: ServiceContext, db: Executor, accountId: string): Promise<AccountView> {
  const overview = await readOverview(context, db, accountId);
  const { account, policy, offer } = overview;
  const alerts = await readOpenAlerts(db, accountId);
  return {
    id: account.id,
    name: account.name,
    currency: account.currency,
    balance: moneyToDecimal(account.money.balance),
    available: moneyToDecimal(overview.available),
    standing: overview.standing,
    sending: overview.sending,
    reasons: overview.reasons,
    quota: Number(overview.quota),
    plans: overview.plans.map(({ id, title, total, remaining, expiresAt }) => ({
      id,
      title,
      total: Number(total),
      remaining: Number(remaining),
      expiresAt: expiresAt.toString(),
    })),
    autoRenewal: {
      enabled: policy.enabled,
      threshold: Number(policy.threshold),
      offerTitle: offer?.title ?? null,
    },
    alerts: alerts
      .toSorted((a, b) => Temporal.Instant.compare(a.openedAt, b.openedAt))
      .map(({ kind, level, openedAt }) => ({ kind, level, since: openedAt.toString() })),
    approvals: await readApprovals(context, db, overview),
  };
}

/** What waits for a decision, in the language of the account's first group. */
async function readApprovals(
  context: ServiceContext,
  db: Executor,
  { account, asOf }: Overview,
): Promise<AccountView['approvals']> {
  const pending = await listPending(context, db, account.id);
  if (pending.length === 0) return [];
  const [group] = await readGroupsOfAccount(db, account.id);
  const audience = {
    language: group?.language ?? ('zh-CN' satisfies Language),
    accountName: account.name,
    currency: account.currency,
    timeZone: account.timeZone,
    administrators: group ? await readAdministrators(db, group) : [],
    at: asOf,
  };
  return pending.map(({ code, action, requesterName, expiresAt }) => ({
    code,
    summary: context.summarize?.(action, audience) ?? action.type,
    requester: requesterName,
    expiresAt: expiresAt.toString(),
  }));
}
