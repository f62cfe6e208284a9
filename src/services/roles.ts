import { RuleError } from '../domain/errors.ts';
import { type ConversationRef, readAdministrators } from '../store/groups.ts';
import type { Executor } from '../store/schema.ts';

/** A person as the platform vouches for them. */
export interface Actor {
  /** Null for someone from outside the organization, who may do nothing that needs a role. */
  readonly staffId: string | null;
  /** What to call them in a text; proves nothing. */
  readonly name: string;
}

/** A person with a staff id. */
export interface Staff extends Actor {
  readonly staffId: string;
}

/** Whether a person is an administrator of a group at this moment. (rule 16) */
export async function isAdministrator(db: Executor, group: ConversationRef, actor: Actor): Promise<boolean> {
  if (actor.staffId === null) return false;
  const administrators = await readAdministrators(db, group);
  return administrators.some((administrator) => administrator.staffId === actor.staffId);
}

/** @throws RuleError `not_administrator` */
export async function assertAdministrator(db: Executor, group: ConversationRef, actor: Actor): Promise<void> {
  if (!(await isAdministrator(db, group, actor))) {
    throw new RuleError('not_administrator', 'Only an administrator of this group may do this; ask one of them.');
  }
}
