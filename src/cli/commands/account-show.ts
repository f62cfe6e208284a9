import { z } from 'zod';
import { moneyToDecimal } from '../../domain/money.ts';
import type { LimitState } from '../../services/limits.ts';
import { type Overview, readOverview } from '../../services/overview.ts';
import type { Account } from '../../store/accounts.ts';
import { listApiKeys } from '../../store/api-keys.ts';
import { type Administrator, type Group, readAdministrators, readGroupsOfAccount } from '../../store/groups.ts';
import { findAccount, onlyAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';
import { fields, formatCount, formatMoney, formatTime, table } from '../output.ts';

interface Details {
  readonly overview: Overview;
  readonly groups: readonly (Group & { readonly administrators: readonly Administrator[] })[];
  readonly keys: Awaited<ReturnType<typeof listApiKeys>>;
}

export const accountShow = defineCommand({
  name: 'account show',
  about: 'Show an account: money, sending, quota, plans, limits, auto-renewal, groups, keys',
  arguments: [{ name: 'ACCOUNT', isOptional: true, about: 'its id or name; the only one there is, if left out' }],
  input: z.object({ ACCOUNT: z.string().optional() }),
  run: async (session, { ACCOUNT }) => {
    const { db, context } = session;
    const { id } = ACCOUNT === undefined ? await onlyAccount(session) : await findAccount(session, ACCOUNT);
    const overview = await readOverview(context, db.kysely, id);
    const groups = [];
    for (const group of await readGroupsOfAccount(db.kysely, id)) {
      groups.push({ ...group, administrators: await readAdministrators(db.kysely, group) });
    }
    const details = { overview, groups, keys: await listApiKeys(db.kysely, id) };
    return { json: toJson(details), lines: toLines(details) };
  },
});

function toJson({ overview, groups, keys }: Details): object {
  const { account, policy, forecast } = overview;
  return {
    id: account.id,
    name: account.name,
    currency: account.currency,
    timeZone: account.timeZone,
    tariff: account.tariffId,
    templateType: account.defaultTemplateType,
    balance: moneyToDecimal(account.money.balance),
    creditLimit: moneyToDecimal(account.money.creditLimit),
    available: moneyToDecimal(overview.available),
    standing: overview.standing,
    sending: overview.sending,
    reasons: overview.reasons,
    paused: account.pause && { by: account.pause.byName, at: account.pause.at.toString() },
    limits: overview.limits.map(limitToJson),
    quota: Number(overview.quota),
    quotaDays: forecast.quotaDays,
    runwayDays: forecast.runwayDays,
    plans: overview.plans.map((plan) => ({
      id: plan.id,
      title: plan.title,
      total: Number(plan.total),
      remaining: Number(plan.remaining),
      effectiveAt: plan.effectiveAt.toString(),
      expiresAt: plan.expiresAt.toString(),
    })),
    autoRenewal: { enabled: policy.enabled, threshold: Number(policy.threshold), offer: policy.offerId },
    groups: groups.map(({ corpId, conversationId, title, administrators }) => ({
      corpId,
      conversationId,
      title,
      administrators,
    })),
    keys: keys.map(({ keyId, label, createdAt }) => ({ keyId, label, createdAt: createdAt.toString() })),
    asOf: overview.asOf.toString(),
  };
}

function toLines({ overview, groups, keys }: Details): string[] {
  const { account, policy, offer, forecast } = overview;
  const { currency, timeZone, money } = account;
  const days = (count: number | null) => (count === null ? '' : `, for about ${count} days`);
  const renewal = `at or below ${formatCount(policy.threshold)} segments: ${offer?.title ?? 'no offer'}`;
  return [
    ...fields([
      ['Account', account.name],
      ['ID', account.id],
      ['Balance', formatMoney(money.balance, currency)],
      ['Credit limit', formatMoney(money.creditLimit, currency)],
      ['Available', formatMoney(overview.available, currency) + days(forecast.runwayDays)],
      ['Standing', overview.standing],
      ['Sending', sendingLine(overview)],
      ['Quota', `${formatCount(overview.quota)} segments${days(forecast.quotaDays)}`],
      ['Auto-renewal', policy.enabled ? `on, ${renewal}` : 'off'],
      ['Tariff', account.tariffId],
      ['Template type', `${account.defaultTemplateType}, where a message does not say it`],
      ['Time zone', `${timeZone}, where it is ${formatTime(overview.asOf, timeZone)}`],
    ]),
    ...section('Plans', [
      ['TITLE', 'LEFT', 'OF', 'EXPIRES'],
      ...overview.plans.map((plan) => [
        plan.title,
        formatCount(plan.remaining),
        formatCount(plan.total),
        formatTime(plan.expiresAt, timeZone),
      ]),
    ]),
    ...section('Limits', [
      ['LIMIT', 'USED', 'WARNING', 'STOP', 'REACHED'],
      ...overview.limits.map((state) => limitRow(state, account)),
    ]),
    ...section('Groups', [
      ['TITLE', 'ADMINISTRATORS'],
      ...groups.map((group) => [group.title, group.administrators.map(({ name }) => name).join(', ')]),
    ]),
    ...section('Keys', [
      ['LABEL', 'ID', 'MADE'],
      ...keys.map((key) => [key.label, key.keyId, formatTime(key.createdAt, timeZone)]),
    ]),
  ];
}

function sendingLine({ sending, reasons, account }: Overview): string {
  const { pause, timeZone } = account;
  const also = reasons.slice(1).map((reason) => `, also ${reason}`);
  const by = pause ? `; paused by ${pause.byName} at ${formatTime(pause.at, timeZone)}` : '';
  return `${sending}${also.join('')}${by}`;
}

function limitRow({ key, limit, used, isReached }: LimitState, { currency }: Account): string[] {
  const figure = (value: bigint) => (key.unit === 'money' ? formatMoney(value, currency) : formatCount(value));
  const set = (value: bigint | null | undefined) => (value == null ? 'none' : figure(value));
  const name = `${key.unit === 'money' ? 'pay-as-you-go' : 'segments'} per ${key.period}`;
  return [name, figure(used), set(limit?.warn), set(limit?.stop), isReached ? 'yes' : ''];
}

function limitToJson({ key, limit, used, isReached }: LimitState): object {
  const figure = (value: bigint | null | undefined) => {
    if (value == null) return null;
    return key.unit === 'money' ? moneyToDecimal(value) : Number(value);
  };
  return {
    period: key.period,
    unit: key.unit,
    used: figure(used),
    warning: figure(limit?.warn),
    stop: figure(limit?.stop),
    reached: isReached,
  };
}

const NUMBERS: Readonly<Record<string, readonly number[]>> = { Plans: [1, 2], Limits: [1, 2, 3] };

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  const lines = rows.length > 1 ? table(rows, NUMBERS[title] ?? []) : ['none'];
  return ['', title, ...lines.map((line) => `  ${line}`)];
}
