import type { Command } from './command.ts';
import { accountCreate } from './commands/account-create.ts';
import { accountList } from './commands/account-list.ts';
import { accountSet } from './commands/account-set.ts';
import { accountShow } from './commands/account-show.ts';
import { auditExport } from './commands/audit-export.ts';
import { billExport } from './commands/bill-export.ts';
import { billList } from './commands/bill-list.ts';
import { billShow } from './commands/bill-show.ts';
import { doctor } from './commands/doctor.ts';
import { groupCode } from './commands/group-code.ts';
import { jobsList } from './commands/jobs-list.ts';
import { jobsRun } from './commands/jobs-run.ts';
import { keyCreate } from './commands/key-create.ts';
import { keyRevoke } from './commands/key-revoke.ts';
import { migrate } from './commands/migrate.ts';
import { noticesDrop } from './commands/notices-drop.ts';
import { noticesList } from './commands/notices-list.ts';
import { noticesRetry } from './commands/notices-retry.ts';
import { noticesShow } from './commands/notices-show.ts';
import { offerImport } from './commands/offer-import.ts';
import { offerList } from './commands/offer-list.ts';
import { planGrant } from './commands/plan-grant.ts';
import { planList } from './commands/plan-list.ts';
import { planRefund } from './commands/plan-refund.ts';
import { recharge } from './commands/recharge.ts';
import { reconcile } from './commands/reconcile.ts';
import { renewalList } from './commands/renewal-list.ts';
import { statement } from './commands/statement.ts';
import { tariffImport } from './commands/tariff-import.ts';
import { tariffList } from './commands/tariff-list.ts';
import { tariffShow } from './commands/tariff-show.ts';
import { templateCodeImport } from './commands/template-code-import.ts';
import { templateCodeList } from './commands/template-code-list.ts';
import { webhookAdd } from './commands/webhook-add.ts';
import { webhookList } from './commands/webhook-list.ts';
import { webhookRemove } from './commands/webhook-remove.ts';
import { webhookTest } from './commands/webhook-test.ts';
import { withdraw } from './commands/withdraw.ts';

/** All commands, in the order in which an operator meets them. */
export const COMMANDS: readonly Command[] = [
  migrate,
  doctor,
  tariffImport,
  tariffList,
  tariffShow,
  offerImport,
  offerList,
  accountCreate,
  accountList,
  accountShow,
  accountSet,
  recharge,
  withdraw,
  planGrant,
  planList,
  planRefund,
  renewalList,
  keyCreate,
  keyRevoke,
  webhookAdd,
  webhookList,
  webhookTest,
  webhookRemove,
  templateCodeImport,
  templateCodeList,
  groupCode,
  statement,
  billList,
  billShow,
  billExport,
  reconcile,
  noticesList,
  noticesShow,
  noticesRetry,
  noticesDrop,
  jobsList,
  jobsRun,
  auditExport,
];
