import type { CommandName } from '../vocabulary.ts';
import { approvals } from './approvals.ts';
import { autoRenew } from './auto-renew.ts';
import { balance } from './balance.ts';
import { bill } from './bill.ts';
import { bind } from './bind.ts';
import type { Command } from './command.ts';
import { approve, reject } from './decide.ts';
import { help } from './help.ts';
import { price } from './price.ts';
import { quota } from './quota.ts';

/** All commands. Their words are in `vocabulary.ts`. */
export const COMMANDS: Readonly<Record<CommandName, Command>> = {
  help,
  balance,
  quota,
  price,
  bill,
  'auto-renew': autoRenew,
  bind,
  approve,
  reject,
  approvals,
};
