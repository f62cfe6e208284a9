import { type DecisionResult, decide } from '../../src/services/approvals.ts';
import type { Actor } from '../../src/services/roles.ts';
import { ADMIN, type BillingWorld, type TestAccount } from './billing-world.ts';

/** Somebody of another organization. */
export const OUTSIDER: Actor = { staffId: null, name: '赵敏' };

/** Approves or rejects a request in the account's group. */
export function decideOn(
  world: BillingWorld,
  account: TestAccount,
  code: string,
  approve = true,
  actor: Actor = ADMIN,
): Promise<DecisionResult> {
  return world.run((tx) => decide(world.context, tx, account.group, actor, { code, approve }));
}
