import type { AuditApproval, Deed, DeedOutcome, Doer } from '../domain/audit.ts';
import { insertAuditEntry } from '../store/audit.ts';
import type { Tx } from '../store/schema.ts';
import type { ServiceContext } from './context.ts';
import type { Actor } from './roles.ts';

/** Under which names the operator recharges and grants: at the command line, or on the sandbox's page. */
const OPERATOR = ['operator', 'cli', 'sandbox'];

export interface Done {
  /** A person, or a name under which use cases know the others: `cli`, `auto-renewal`, or whatever else for the service itself. */
  readonly by: Actor | string;
  readonly deed: Deed;
  /** Default: `done`. */
  readonly outcome?: DeedOutcome;
  readonly approval?: AuditApproval;
}

/**
 * Enters a deed into the audit, in the transaction of the deed: who, what, when, from which message, by which approval. It is kept for
 * good. (rule 16)
 */
export async function record(context: ServiceContext, tx: Tx, accountId: string, done: Done): Promise<void> {
  const { source } = context;
  await insertAuditEntry(tx, accountId, {
    at: context.clock.now(),
    by: doerOf(done.by),
    deed: done.deed,
    outcome: done.outcome ?? 'done',
    via: source?.via ?? 'service',
    message:
      source?.via === 'chat'
        ? { corpId: source.corpId, conversationId: source.conversationId, messageId: source.messageId }
        : null,
    approval: done.approval ?? null,
  });
}

/** Who does what only the operator can: the operator, or the service where it sets up a world. */
export function operatorOf(context: ServiceContext): string {
  return context.source?.via === 'cli' ? 'operator' : 'system';
}

function doerOf(by: Actor | string): Doer {
  if (typeof by !== 'string') {
    return by.staffId === null ? { kind: 'system' } : { kind: 'person', staffId: by.staffId, name: by.name };
  }
  if (by === 'auto-renewal') return { kind: 'auto_renewal' };
  return { kind: OPERATOR.includes(by) ? 'operator' : 'system' };
}

/** What the audit keeps of an approval, with who decides it now. */
export function auditOf(
  approval: {
    readonly id: string;
    readonly code: string;
    readonly requestedBy: string;
    readonly requesterName: string | null;
  },
  decider: Actor | null = null,
): AuditApproval {
  const { id, code, requestedBy, requesterName } = approval;
  return {
    id,
    code,
    requestedBy,
    requesterName,
    decidedBy: decider?.staffId ?? null,
    deciderName: decider?.name ?? null,
  };
}
