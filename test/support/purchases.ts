import type { ApprovalAction } from '../../src/domain/approval.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import { type DecisionResult, decide } from '../../src/services/approvals.ts';
import { type PurchaseWish, quote } from '../../src/services/purchase.ts';
import type { Actor } from '../../src/services/roles.ts';
import type { NewApproval } from '../../src/store/approvals.ts';
import { ADMIN, type BillingWorld, type TestAccount } from './billing-world.ts';

/** Asks for something that is not done at once; the approval that waits. */
export async function ask(
  world: BillingWorld,
  account: TestAccount,
  actor: Actor,
  action: ApprovalAction,
): Promise<NewApproval> {
  const result = await world.run((tx) => requestAction(world.context, tx, account.group, actor, action));
  if (result.type === 'done') throw new Error('it was done at once');
  return result.approval;
}

/** The quote of an offer, as something to ask for. */
export async function purchaseOf(
  world: BillingWorld,
  account: TestAccount,
  offerId: string,
  renewal: PurchaseWish['renewal'] = null,
): Promise<ApprovalAction> {
  const quoted = await world.run((tx) => quote(world.context, tx, account.id, { offerId, renewal }));
  return { type: 'purchase', ...quoted };
}

export function decideOn(
  world: BillingWorld,
  account: TestAccount,
  code: string,
  { approve = true, actor = ADMIN, reason }: { approve?: boolean; actor?: Actor; reason?: string } = {},
): Promise<DecisionResult> {
  const decision = { code, approve, ...(reason === undefined ? {} : { reason }) };
  return world.run((tx) => decide(world.context, tx, account.group, actor, decision));
}

/** An administrator buys an offer by hand and confirms it; the plan's id. */
export async function buy(world: BillingWorld, account: TestAccount, offerId: string): Promise<string> {
  const { id, code } = await ask(world, account, ADMIN, await purchaseOf(world, account, offerId));
  await decideOn(world, account, code);
  const { plan_id } = await world.db.kysely
    .selectFrom('plans')
    .select('plan_id')
    .where('account_id', '=', account.id)
    .where('key', '=', `purchase/${id}`)
    .executeTakeFirstOrThrow();
  return plan_id;
}
