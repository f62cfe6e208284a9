import { InputError } from '../domain/errors.ts';
import type { Micro } from '../domain/money.ts';
import { assertCreditLimit } from '../domain/money-bounds.ts';
import { isTimeZone } from '../domain/month.ts';
import type { TemplateType } from '../domain/usage.ts';
import { type Account, hasHistory, lockAccount, makeDue, writeAccountTerms } from '../store/accounts.ts';
import { dateAlertsBefore } from '../store/alerts.ts';
import { dateAttemptBefore } from '../store/renewals.ts';
import type { Tx } from '../store/schema.ts';
import { readSettings } from '../store/settings.ts';
import { operatorOf, record } from './audit.ts';
import type { ServiceContext } from './context.ts';
import { planDailyDigest } from './digest.ts';
import { setTwoPerson } from './second-person.ts';
import { settleSending } from './sending.ts';

/** What the operator may change of an account; what is left out stays. */
export interface AccountChange {
  /** In micro-units; zero or more. */
  readonly creditLimit?: Micro;
  readonly overdueGraceHours?: number;
  readonly defaultTemplateType?: TemplateType;
  /** IANA name. */
  readonly timeZone?: string;
  /** Ends the demand for a second person, where there is none left who could. */
  readonly twoPerson?: false;
}

/** A field as it was and as it is, as text: money in micro-units. */
export interface ChangedField {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Changes what the operator owns of an account. A new credit limit or grace decides at once whether the account is overdue and whether
 * it may send; the review that follows tells it. (rule 9) A higher limit is money, as a recharge is: a failed renewal is tried again. (rule 14)
 * @returns what was changed: nothing when all was so already.
 * @throws InputError `account_unknown`, `time_zone_unknown`, `time_zone_in_use` when usage, money or bills follow its calendar; RuleError
 * `credit_limit_out_of_range`
 */
export async function changeAccount(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  change: AccountChange,
): Promise<readonly ChangedField[]> {
  const account = await lockAccount(tx, accountId);
  const changes = changedFields(account, change);
  if (changes.length === 0) return changes;
  const { timeZone = account.timeZone, creditLimit = account.money.creditLimit } = change;
  assertCreditLimit(creditLimit);
  if (timeZone !== account.timeZone) await assertTimeZone(tx, account, timeZone);
  const now = context.clock.now();
  await writeAccountTerms(
    tx,
    account.id,
    {
      creditLimit,
      overdueGraceHours: change.overdueGraceHours ?? account.money.overdueGraceHours,
      defaultTemplateType: change.defaultTemplateType ?? account.defaultTemplateType,
      timeZone,
    },
    now,
  );
  if (creditLimit > account.money.creditLimit) {
    await dateAlertsBefore(tx, account.id, now);
    await dateAttemptBefore(tx, account.id, now);
  }
  if (timeZone !== account.timeZone) {
    await planDailyDigest(context, tx, { id: account.id, timeZone }, await readSettings(tx, account.id));
  }
  // Who relies on a second person has to know that there is none any more.
  if (change.twoPerson === false && account.twoPerson) {
    await setTwoPerson(context, tx, account, { enabled: false, byName: null });
  }
  await record(context, tx, account.id, { by: operatorOf(context), deed: { type: 'account_changed', changes } });
  await settleSending(context, tx, account.id);
  await makeDue(tx, account.id, now);
  return changes;
}

function changedFields(account: Account, change: AccountChange): ChangedField[] {
  const { money, defaultTemplateType, timeZone, twoPerson } = account;
  const fields = [
    { field: 'credit_limit', before: money.creditLimit, after: change.creditLimit },
    { field: 'grace_hours', before: money.overdueGraceHours, after: change.overdueGraceHours },
    { field: 'template_type', before: defaultTemplateType, after: change.defaultTemplateType },
    { field: 'time_zone', before: timeZone, after: change.timeZone },
    { field: 'two_person', before: twoPerson, after: change.twoPerson },
  ];
  return fields.flatMap(({ field, before, after }) =>
    after === undefined || after === before ? [] : [{ field, before: String(before), after: String(after) }],
  );
}

async function assertTimeZone(tx: Tx, account: Account, timeZone: string): Promise<void> {
  if (!isTimeZone(timeZone)) {
    throw new InputError('time_zone_unknown', `"${timeZone}" is not a time zone; write it like Asia/Shanghai.`, {
      timeZone,
    });
  }
  if (!(await hasHistory(tx, account.id))) return;
  throw new InputError(
    'time_zone_in_use',
    'The account has usage or money already, whose months follow its time zone; open another account for another zone.',
  );
}
