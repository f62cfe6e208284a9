import { createHash } from 'node:crypto';
import { z } from 'zod';

const id = z.string().min(1).max(128);

const roleSchema = z.enum(['admin', 'member', 'outsider']);

/** What the page shows of a member. The bot is not told: DingTalk knows nothing of the bot's roles. */
export type Role = z.infer<typeof roleSchema>;

export const worldSchema = z
  .strictObject({
    app: z.strictObject({
      clientId: id,
      clientSecret: id,
      robotCode: id,
      robotName: z.string().min(1).max(40),
    }),
    corpId: id,
    people: z
      .array(z.strictObject({ userId: id, name: z.string().min(1).max(60), external: z.boolean().default(false) }))
      .min(1),
    conversations: z.array(
      z.strictObject({
        id,
        title: z.string().min(1).max(100),
        members: z.array(z.strictObject({ userId: id, role: roleSchema })).min(1),
      }),
    ),
  })
  .superRefine((world, context) => {
    const people = new Set<string>();
    for (const [index, person] of world.people.entries()) {
      if (people.has(person.userId)) {
        context.addIssue({ code: 'custom', path: ['people', index, 'userId'], message: 'this userId occurs twice' });
      }
      people.add(person.userId);
    }
    const conversations = new Set<string>();
    for (const [index, conversation] of world.conversations.entries()) {
      const path = ['conversations', index];
      if (conversations.has(conversation.id) || conversation.id.startsWith('direct:')) {
        context.addIssue({ code: 'custom', path: [...path, 'id'], message: 'this id occurs twice or is reserved' });
      }
      conversations.add(conversation.id);
      for (const [at, member] of conversation.members.entries()) {
        if (!people.has(member.userId)) {
          context.addIssue({ code: 'custom', path: [...path, 'members', at], message: 'nobody has this userId' });
        }
      }
    }
  });

/** The app, its people and its groups, as they stand in a world file. */
export type SandboxWorld = z.input<typeof worldSchema>;

/** The same, validated and with every default filled in. */
export type World = z.output<typeof worldSchema>;

export interface Member {
  readonly userId: string;
  readonly name: string;
  readonly role: Role;
}

export interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly type: 'group' | 'direct';
  readonly members: readonly Member[];
}

export interface Person {
  readonly userId: string;
  readonly name: string;
  readonly external: boolean;
}

/** Answers questions about the world: who is who, who is where. */
export class Directory {
  readonly app: World['app'];
  readonly corpId: string;
  readonly #people: ReadonlyMap<string, Person>;
  readonly #byUnionId: ReadonlyMap<string, Person>;
  readonly #conversations: ReadonlyMap<string, Conversation>;

  constructor(world: World) {
    this.app = world.app;
    this.corpId = world.corpId;
    this.#people = new Map(world.people.map((person) => [person.userId, person]));
    const staff = world.people.filter((person) => !person.external);
    this.#byUnionId = new Map(staff.map((person) => [unionIdOf(person.userId), person]));
    const groups = world.conversations.map((group) => ({
      id: group.id,
      title: group.title,
      type: 'group' as const,
      members: group.members.map(({ userId, role }) => ({ userId, role, name: this.nameOf(userId) })),
    }));
    const administrators = new Set(
      groups.flatMap((group) =>
        group.members.filter((member) => member.role === 'admin').map((member) => member.userId),
      ),
    );
    const directs = staff.map(({ userId, name }) => ({
      id: directConversationId(userId),
      title: name,
      type: 'direct' as const,
      members: [{ userId, name, role: administrators.has(userId) ? ('admin' as const) : ('member' as const) }],
    }));
    this.#conversations = new Map([...groups, ...directs].map((conversation) => [conversation.id, conversation]));
  }

  get conversations(): Conversation[] {
    return [...this.#conversations.values()];
  }

  conversation(id: string): Conversation | undefined {
    return this.#conversations.get(id);
  }

  person(userId: string): Person | undefined {
    return this.#people.get(userId);
  }

  /** The person with this staff id; people from outside the organisation have none. */
  staff(userId: string): Person | undefined {
    const person = this.#people.get(userId);
    return person === undefined || person.external ? undefined : person;
  }

  staffByUnionId(unionId: string): Person | undefined {
    return this.#byUnionId.get(unionId);
  }

  isMember(conversationId: string, userId: string): boolean {
    return this.#conversations.get(conversationId)?.members.some((member) => member.userId === userId) ?? false;
  }

  nameOf(userId: string): string {
    return this.#people.get(userId)?.name ?? userId;
  }
}

/** The id of a person over all organisations of a developer. */
export function unionIdOf(userId: string): string {
  return `union-${userId}`;
}

export function directConversationId(userId: string): string {
  return `direct:${userId}`;
}

/** The platform's own encrypted id of a person or robot, as `senderId`, `chatbotUserId` and `dingtalkId` carry it. */
export function platformId(of: string): string {
  return `$:LWCP_v1:$${createHash('sha256').update(of).digest('base64').slice(0, 28)}`;
}
