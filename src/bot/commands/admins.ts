import { requestAction } from '../../services/actions/request.ts';
import type { Administrator } from '../../store/groups.ts';
import { askFor } from '../ask.ts';
import { askButton, choiceButton } from '../content.ts';
import { bullets, type Markdown } from '../markdown.ts';
import { commandText } from '../vocabulary.ts';
import type { Command, GroupCommandContext, Reply } from './command.ts';
import { requestReply } from './request-reply.ts';

const ADD = /^(?:添加|新增|增加|设置|设为|加|add|appoint|\+) ?/u;
const REMOVE = /^(?:移除|删除|去掉|撤销|取消|减少|remove|delete|revoke) ?/u;
const MAX_BUTTONS = 4;
const MAX_NAME = 60;

/** What one types for adding and removing, after the command's name. */
const WORDS = { 'zh-CN': { add: '添加', remove: '移除' }, en: { add: 'add', remove: 'remove' } } as const;

/** Lists the group's administrators; adds one by mention, removes one, never the last. (rules 16 and 17) */
export const admins: Command = {
  name: 'admins',
  who: 'group',
  run: async (context: GroupCommandContext): Promise<Reply> => {
    const { argument } = context;
    if (ADD.test(argument)) return add(context);
    if (REMOVE.test(argument)) return remove(context, context.argumentAsTyped.replace(/^\S+? ?(?=\S|$)/u, ''));
    return list(context);
  },
};

async function add(context: GroupCommandContext): Promise<Reply> {
  const { tx, services, writer, bound, actor, mentions } = context;
  const [person, ...others] = mentions;
  if (!person) return askWhomToAdd(context);
  if (others.length > 0) return list(context, writer.text('admins.one_at_a_time'));
  if (person.staffId === null) return list(context, writer.text('admins.external'));
  const result = await requestAction(services, tx, bound.group, actor, {
    type: 'add_administrator',
    group: groupOf(context),
    person: { id: person.staffId, name: person.name || person.staffId },
  });
  return result.type === 'done' ? list(context) : requestReply(context, result);
}

/** By mention, by staff id as the buttons say it, or by a name that only one of them has. */
async function remove(context: GroupCommandContext, typed: string): Promise<Reply> {
  const { tx, services, writer, bound, actor, argument, mentions } = context;
  const [mentioned, ...others] = mentions;
  if (others.length > 0) return list(context, writer.text('admins.one_at_a_time'));
  const said = argument.replace(REMOVE, '').slice(0, MAX_NAME);
  if (!mentioned && said === '') return askWhomToRemove(context);
  const person = findAdministrator(context, mentioned ? mentioned.staffId : null, said, typed);
  if (!person) {
    const name = mentioned?.name || said;
    return list(context, writer.text('admins.unknown', { person: writer.name(name) }));
  }
  const result = await requestAction(services, tx, bound.group, actor, {
    type: 'remove_administrator',
    group: groupOf(context),
    person: { id: person.staffId, name: person.name || person.staffId },
  });
  return result.type === 'done' ? list(context) : requestReply(context, result);
}

function findAdministrator(
  { bound }: GroupCommandContext,
  staffId: string | null,
  said: string,
  typed: string,
): Administrator | undefined {
  const { administrators } = bound;
  if (staffId !== null) return administrators.find((administrator) => administrator.staffId === staffId);
  const exact = administrators.find((administrator) => typed.endsWith(administrator.staffId) && said.length > 0);
  if (exact && sameText(exact.staffId, said)) return exact;
  const named = administrators.filter(({ staffId: id, name }) => sameText(id, said) || sameText(name, said));
  return named.length === 1 ? named[0] : undefined;
}

function sameText(known: string, said: string): boolean {
  const plain = (text: string) => text.normalize('NFKC').toLowerCase().replaceAll(/\s/g, '');
  return plain(known) === plain(said);
}

function askWhomToAdd(context: GroupCommandContext): Reply {
  const { writer } = context;
  return askFor(
    { ...context, argument: '' },
    {
      command: 'admins',
      title: writer.text('admins.whom_to_add.title'),
      paragraphs: [writer.text('admins.whom_to_add.body')],
      choices: [],
      example: writer.language === 'en' ? 'add @colleague' : '添加 @同事',
    },
  );
}

function askWhomToRemove(context: GroupCommandContext): Reply {
  const { writer, bound } = context;
  const word = WORDS[writer.language].remove;
  return askFor(
    { ...context, argument: '' },
    {
      command: 'admins',
      title: writer.text('admins.whom_to_remove.title'),
      paragraphs: [writer.text('admins.whom_to_remove.body')],
      choices: bound.administrators.map(({ staffId, name }) => ({
        label: writer.name(name || staffId),
        argument: `${word} ${staffId}`,
      })),
    },
  );
}

function list({ services, writer, bound, actor }: GroupCommandContext, first?: Markdown): Reply {
  const { administrators } = bound;
  const word = WORDS[writer.language].remove;
  const others = administrators.filter(({ staffId }) => staffId !== actor.staffId);
  const removable = administrators.length > 1 ? others.slice(0, MAX_BUTTONS) : [];
  return {
    title: writer.text('admins.title', { count: administrators.length }),
    paragraphs: [
      first,
      bullets(
        administrators.map(({ staffId, name }) => writer.text('admins.line', { person: writer.name(name || staffId) })),
      ),
      writer.text('admins.how'),
      writer.asOf(services.clock.now(), bound.account.name),
    ],
    buttons: [
      ...removable.map(({ staffId, name }, index) =>
        choiceButton(
          writer.text('admins.remove', { person: writer.name(name || staffId) }),
          index,
          commandText(writer.language, 'admins', `${word} ${staffId}`),
        ),
      ),
      askButton(writer, 'group'),
    ],
  };
}

function groupOf({ bound }: GroupCommandContext) {
  const { corpId, conversationId, title } = bound.group;
  return { corpId, conversationId, title };
}
