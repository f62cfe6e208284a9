import type { ServiceContext } from '../../services/context.ts';
import type { Actor, Staff } from '../../services/roles.ts';
import type { Account } from '../../store/accounts.ts';
import type { Administrator, ConversationRef, Group } from '../../store/groups.ts';
import type { Tx } from '../../store/schema.ts';
import type { Draft, Place } from '../content.ts';
import type { Markdown } from '../markdown.ts';
import type { CommandName } from '../vocabulary.ts';
import type { Writer } from '../writer.ts';

/** Where something was said. */
export interface Conversation extends ConversationRef {
  readonly kind: Place;
  /** The group's name; null in a direct conversation. */
  readonly title: string | null;
}

/** Somebody whom a message mentions, as the platform vouches for them. */
export interface Mention {
  /** Null for a person of another organization, who can be given no role. */
  readonly staffId: string | null;
  /** As the directory knows them, else their staff id; '' for a person of another organization. From the world. */
  readonly name: string;
}

/** What a group that is authorized brings along. */
export interface BoundGroup {
  readonly group: Group;
  readonly account: Account;
  readonly administrators: readonly Administrator[];
}

export interface CommandContext {
  readonly tx: Tx;
  readonly services: ServiceContext;
  readonly writer: Writer;
  readonly conversation: Conversation;
  /** Who said it, as the platform vouches for them. */
  readonly actor: Actor;
  /** What followed the command's name, in half width and lower case, without mentions; from the world. */
  readonly argument: string;
  /** The same as it was typed, for what is kept or shown: a reason, a name. Capitals are left, spaces and mentions are not. */
  readonly argumentAsTyped: string;
  /** Whom the message mentions besides the robot; a click mentions nobody. */
  readonly mentions: readonly Mention[];
  /** Null in a conversation that no account has authorized. */
  readonly bound: BoundGroup | null;
}

export interface GroupCommandContext extends CommandContext {
  readonly bound: BoundGroup;
}

/** What is answered to a command. */
export interface Reply extends Draft {
  /** What the answer's card is about, so that it changes for everyone when that does. */
  readonly subject?: string;
  /** What it is about, where the cards about that have changed to say the same: a click on one of them needs no other answer. */
  readonly shownOn?: readonly string[];
  /** Who is called by it besides who said it, because it concerns them. */
  readonly alsoCalls?: Staff;
  /** For the one who clicked alone: it is said to them directly, without buttons, because a direct conversation has no account. */
  readonly privately?: boolean;
  /** An account that a service made due for review, to be looked at as soon as the reply is saved. */
  readonly reviewDue?: string;
}

/**
 * Something that one can ask for. `anyone` may run it in any conversation; `group` means everyone in an authorized group. What only
 * administrators may do, the command itself and the service decide: a member's attempt may become a request. (rule 16)
 */
export type Command =
  | { readonly name: CommandName; readonly who: 'anyone'; run(context: CommandContext): Promise<Reply> }
  | { readonly name: CommandName; readonly who: 'group'; run(context: GroupCommandContext): Promise<Reply> };

/** Whether who said it is an administrator of the group at this moment. */
export function isAdministrator({ actor, bound }: GroupCommandContext): boolean {
  return bound.administrators.some(({ staffId }) => staffId === actor.staffId);
}

/** The names of the group's administrators, to ask one of them. */
export function administratorNames(writer: Writer, administrators: readonly Administrator[]): Markdown {
  const names = administrators.map(({ name, staffId }) => writer.name(name.trim() || staffId));
  return writer.anyOf(names);
}
