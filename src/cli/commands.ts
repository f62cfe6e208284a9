import type { Command } from './command.ts';
import { accountCreate } from './commands/account-create.ts';
import { accountList } from './commands/account-list.ts';
import { accountShow } from './commands/account-show.ts';
import { catalogueImport } from './commands/catalogue-import.ts';
import { catalogueShow } from './commands/catalogue-show.ts';
import { doctor } from './commands/doctor.ts';
import { groupCode } from './commands/group-code.ts';
import { keyCreate } from './commands/key-create.ts';
import { keyRevoke } from './commands/key-revoke.ts';
import { migrate } from './commands/migrate.ts';
import { planGrant } from './commands/plan-grant.ts';
import { recharge } from './commands/recharge.ts';
import { reconcile } from './commands/reconcile.ts';
import { statement } from './commands/statement.ts';

/** All commands, in the order in which an operator meets them. */
export const COMMANDS: readonly Command[] = [
  migrate,
  doctor,
  catalogueImport,
  catalogueShow,
  accountCreate,
  accountList,
  accountShow,
  recharge,
  planGrant,
  keyCreate,
  keyRevoke,
  groupCode,
  statement,
  reconcile,
];
