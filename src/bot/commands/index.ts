import type { CommandName } from '../vocabulary.ts';
import { admins } from './admins.ts';
import { ack, snooze } from './answer-alerts.ts';
import { approvals } from './approvals.ts';
import { autoRenew } from './auto-renew.ts';
import { balance } from './balance.ts';
import { bill } from './bill.ts';
import { bind } from './bind.ts';
import { buy } from './buy.ts';
import type { Command } from './command.ts';
import { approve, reject } from './decide.ts';
import { group } from './group.ts';
import { help } from './help.ts';
import { history } from './history.ts';
import { limits } from './limits.ts';
import { pause, resume } from './pause.ts';
import { plans } from './plans.ts';
import { price } from './price.ts';
import { quota } from './quota.ts';
import { settings } from './settings.ts';
import { unbind } from './unbind.ts';
import { usage } from './usage.ts';

/** All commands. Their words are in `vocabulary.ts`. */
export const COMMANDS: Readonly<Record<CommandName, Command>> = {
  help,
  balance,
  quota,
  usage,
  plans,
  price,
  buy,
  bill,
  'auto-renew': autoRenew,
  limits,
  pause,
  resume,
  ack,
  snooze,
  settings,
  group,
  admins,
  history,
  bind,
  unbind,
  approve,
  reject,
  approvals,
};
