import { askButton } from '../content.ts';
import { bullets, joinMarkdown, type Markdown } from '../markdown.ts';
import type { CommandName } from '../vocabulary.ts';
import type { Writer } from '../writer.ts';
import {
  administratorNames,
  type Command,
  type CommandContext,
  type GroupCommandContext,
  isAdministrator,
  type Reply,
} from './command.ts';

/** As whom somebody speaks in an authorized group; `external` people have no staff id, and may only ask. (rule 16) */
type Role = 'administrator' | 'member' | 'external';

const TOPICS = ['ask', 'request', 'decide', 'group'] as const;

interface HelpEntry {
  /** The heading under which a command is listed. */
  readonly topic: (typeof TOPICS)[number];
  /** To whom it is of use in an authorized group; nobody where it is for groups that are not authorized yet. */
  readonly to: readonly Role[];
}

const EVERYONE: readonly Role[] = ['administrator', 'member', 'external'];
const COLLEAGUES: readonly Role[] = ['administrator', 'member'];
const ADMINISTRATORS: readonly Role[] = ['administrator'];

/** Where each command is listed, in this order. Its line is the text `help.<name>`, with an example of what to type. */
const HELP: Readonly<Record<CommandName, HelpEntry>> = {
  help: { topic: 'ask', to: [] },
  balance: { topic: 'ask', to: EVERYONE },
  quota: { topic: 'ask', to: EVERYONE },
  usage: { topic: 'ask', to: EVERYONE },
  plans: { topic: 'ask', to: EVERYONE },
  price: { topic: 'ask', to: EVERYONE },
  bill: { topic: 'ask', to: EVERYONE },
  buy: { topic: 'request', to: COLLEAGUES },
  'auto-renew': { topic: 'request', to: COLLEAGUES },
  limits: { topic: 'request', to: COLLEAGUES },
  pause: { topic: 'request', to: COLLEAGUES },
  resume: { topic: 'request', to: COLLEAGUES },
  ack: { topic: 'decide', to: ADMINISTRATORS },
  snooze: { topic: 'decide', to: ADMINISTRATORS },
  settings: { topic: 'request', to: COLLEAGUES },
  history: { topic: 'ask', to: EVERYONE },
  approvals: { topic: 'decide', to: EVERYONE },
  approve: { topic: 'decide', to: ADMINISTRATORS },
  reject: { topic: 'decide', to: ADMINISTRATORS },
  group: { topic: 'group', to: EVERYONE },
  admins: { topic: 'group', to: COLLEAGUES },
  unbind: { topic: 'group', to: ADMINISTRATORS },
  bind: { topic: 'group', to: [] },
};

/** What this person may do here, or how this group comes to be authorized. */
export const help: Command = {
  name: 'help',
  who: 'anyone',
  run: async (context: CommandContext): Promise<Reply> => {
    const { bound } = context;
    return bound ? inGroup({ ...context, bound }) : elsewhere(context);
  },
};

function elsewhere({ writer, conversation }: CommandContext): Reply {
  return {
    title: writer.text('help.title'),
    paragraphs: [
      writer.text('help.introduction'),
      writer.text(`unauthorized.${conversation.kind}`),
      conversation.kind === 'group' ? bullets([line(writer, 'bind'), line(writer, 'help')]) : undefined,
      writer.text('help.other_language'),
    ],
  };
}

function inGroup(context: GroupCommandContext): Reply {
  const { writer } = context;
  const role = roleOf(context);
  return {
    title: writer.text('help.title'),
    paragraphs: [
      writer.text('help.introduction'),
      greeting(context, role),
      ...TOPICS.map((topic) => section(writer, topic, role)),
      writer.text('help.other_language'),
    ],
    buttons: [askButton(writer, 'balance'), askButton(writer, 'quota'), askButton(writer, 'auto-renew')],
  };
}

function roleOf(context: GroupCommandContext): Role {
  if (isAdministrator(context)) return 'administrator';
  return context.actor.staffId === null ? 'external' : 'member';
}

function greeting({ writer, actor, bound }: GroupCommandContext, role: Role): Markdown {
  const name = writer.name(actor.name);
  if (role === 'administrator') return writer.text('help.for.administrator', { name });
  if (role === 'external') return writer.text('help.for.external', { name });
  return writer.text('help.for.member', { name, administrators: administratorNames(writer, bound.administrators) });
}

function section(writer: Writer, topic: HelpEntry['topic'], role: Role): Markdown | undefined {
  const names = (Object.keys(HELP) as CommandName[]).filter((name) => {
    const entry = HELP[name];
    return entry.topic === topic && entry.to.includes(role);
  });
  if (names.length === 0) return undefined;
  const list = bullets(names.map((name) => line(writer, name)));
  return joinMarkdown([heading(writer, topic, role), list], '\n\n');
}

function heading(writer: Writer, topic: HelpEntry['topic'], role: Role): Markdown {
  if (topic !== 'request') return writer.text(`help.topic.${topic}`);
  return writer.text(`help.topic.request.${role === 'administrator' ? 'administrator' : 'member'}`);
}

function line(writer: Writer, name: CommandName): Markdown {
  return writer.text(`help.${name}`);
}
