import { isBelowStop, LIMIT_KEYS, type LimitKey, type LimitValues, usualWarning } from '../../domain/limit.ts';
import { MICRO } from '../../domain/money.ts';
import { requestAction } from '../../services/actions/request.ts';
import { textsOf } from '../../services/actions/set-limit.ts';
import { type LimitState, readLimitStates } from '../../services/limits.ts';
import { readSendingState } from '../../services/sending.ts';
import { askFor, type Choice } from '../ask.ts';
import { changeOf } from '../compose/actions/limits.ts';
import { afterChange, limitFigure, limitName, limitValues, raiseLabel } from '../compose/limits.ts';
import { askButton, choiceButton, resumeButton } from '../content.ts';
import {
  higherStops,
  isSameLimit,
  limitArgument,
  limitIn,
  limitNear,
  limitText,
  limitWord,
  valuesAfter,
} from '../limit-words.ts';
import { bullets, escapeMarkdown, joinMarkdown, type Markdown } from '../markdown.ts';
import { commandText } from '../vocabulary.ts';
import type { Writer } from '../writer.ts';
import { type Command, type GroupCommandContext, isAdministrator, type Reply } from './command.ts';
import { requestReply } from './request-reply.ts';

/** What is offered first, where nothing is set and nothing used yet: segments, or whole units of money. */
const FIRST_STOPS: Readonly<Record<LimitKey['unit'], Readonly<Record<LimitKey['period'], bigint>>>> = {
  segments: { day: 10_000n, month: 200_000n },
  money: { day: 500n * MICRO, month: 10_000n * MICRO },
};
const COMMAND_LENGTH = 60;

/** Shows the caps with what counts against them, and sets one; what is missing is asked for. (rule 16) */
export const limits: Command = {
  name: 'limits',
  who: 'group',
  run: async (context: GroupCommandContext): Promise<Reply> => {
    const { tx, services, bound, argument } = context;
    const states = await readLimitStates(tx, bound.account, services.clock.now());
    const said = limitIn(argument, bound.account.currency);
    if (!said) return unknown(context) ?? overview(context, states);
    const state = states.find(({ key }) => isSameLimit(key, said.key));
    if (!state) return overview(context, states);
    if (said.unclear !== '' || Object.keys(said.values).length === 0) return ask(context, state, said.unclear);
    return change(context, state, valuesAfter(said.values, state.limit));
  },
};

/** A name that is none, where one is near; undefined where none is. */
function unknown({ writer, bound, argument }: GroupCommandContext): Reply | undefined {
  const near = limitNear(argument, writer.language, bound.account.currency);
  if (near === undefined) return undefined;
  const command = commandText(writer.language, 'limits', near);
  const suggestion = writer.text('unknown.suggestion', { command: shown(command) });
  return {
    title: writer.text('unknown.title'),
    paragraphs: [writer.text('unknown.near', { said: writer.title(argument), suggestions: suggestion })],
    buttons: [choiceButton(shown(command), 0, command, 'primary'), askButton(writer, 'limits')],
  };
}

async function change(context: GroupCommandContext, state: LimitState, after: LimitValues | null): Promise<Reply> {
  const { tx, services, writer, bound, actor } = context;
  const { key, limit, used, isReached } = state;
  const before = textsOf(limit);
  const action = { type: 'set_limit', ...key, before, after: textsOf(after), lifts: false } as const;
  const isSame = before?.stop === action.after?.stop && before?.warn === action.after?.warn;
  const isLifted = isReached && isBelowStop(used, after?.stop ?? null);
  if (isSame && !isLifted) {
    const states = await readLimitStates(tx, bound.account, services.clock.now());
    return overview(
      context,
      states,
      writer.text('limits.unchanged', {
        limit: limitName(writer, key),
        values: limitValues(writer, key.unit, after),
      }),
    );
  }
  const result = await requestAction(services, tx, bound.group, actor, action);
  if (result.type !== 'done') return requestReply(context, result);
  const { reasons, asOf } = await readSendingState(services, tx, bound.account.id);
  const told = changeOf(writer, action);
  return {
    title: writer.text('limit_changed.title', { limit: told.limit, after: told.after }),
    paragraphs: [
      writer.text('outcome.done.set_limit', told),
      ...afterChange(writer, { lifted: false, reasons }),
      writer.asOf(asOf, bound.account.name),
    ],
    buttons: [
      ...(reasons.includes('capped') && after?.stop != null ? raises(writer, key, after.stop, state.used) : []),
      askButton(writer, 'limits'),
    ],
    reviewDue: bound.account.id,
  };
}

function raises(writer: Writer, key: LimitKey, stop: bigint, used: bigint) {
  return higherStops(key, stop, used)
    .slice(0, 2)
    .map((higher, index) =>
      choiceButton(
        raiseLabel(writer, key.unit, higher),
        index,
        limitText(writer.language, key, { stop: higher, warn: usualWarning(higher) }),
      ),
    );
}

/** A cap whose value is missing or not understood. */
function ask(context: GroupCommandContext, { key, limit, used }: LimitState, unclear: string): Reply {
  const { writer } = context;
  const name = limitName(writer, key);
  const first = FIRST_STOPS[key.unit][key.period];
  const stops =
    limit?.stop == null && used < first ? [first, 2n * first, 5n * first] : higherStops(key, limit?.stop ?? null, used);
  const choices = stops.map((stop): Choice => {
    const values = { stop, warn: usualWarning(stop) };
    return {
      label: limitFigure(writer, key.unit, stop),
      argument: limitArgument(writer.language, key, values),
    };
  });
  const off = { label: writer.text('limits.off'), argument: limitArgument(writer.language, key, null) };
  return askFor(
    { ...context, argument: unclear },
    {
      command: 'limits',
      title: writer.text('limits.ask.title', { limit: name }),
      paragraphs: [
        writer.text('limits.ask.now', {
          limit: name,
          values: limitValues(writer, key.unit, limit),
          used: limitFigure(writer, key.unit, used),
        }),
        writer.text('limits.ask.effect'),
      ],
      choices: limit ? [...choices, off] : choices,
      example: limitArgument(writer.language, key, { stop: first, warn: usualWarning(first) }),
    },
  );
}

function overview(context: GroupCommandContext, states: readonly LimitState[], first?: Markdown): Reply {
  const { services, writer, bound, argument } = context;
  const isCapped = states.some(({ isReached }) => isReached);
  const [example] = LIMIT_KEYS;
  return {
    title: writer.text(isCapped ? 'limits.title.capped' : 'limits.title'),
    paragraphs: [
      first ?? (argument === '' ? undefined : writer.text('ask.not_understood', { said: writer.title(argument) })),
      bullets(states.map((state) => limitLine(writer, state))),
      example &&
        writer.text('limits.how', {
          example: shown(limitText(writer.language, example, { stop: 20_000n, warn: 16_000n })),
          off: shown(limitText(writer.language, example, null)),
        }),
      isAdministrator(context) ? undefined : writer.text('limits.members_ask'),
      writer.asOf(services.clock.now(), bound.account.name),
    ],
    buttons: [
      ...(isCapped ? [resumeButton(writer)] : []),
      ...LIMIT_KEYS.map((key, index) => {
        const word = limitWord(writer.language, key);
        return choiceButton(limitName(writer, key), index, commandText(writer.language, 'limits', word));
      }),
    ],
  };
}

/** A cap in a line: its values, what was used, and whether it is reached. */
function limitLine(writer: Writer, { key, limit, used, isReached }: LimitState): Markdown {
  const line = writer.text(`limits.line.${key.period}`, {
    limit: limitName(writer, key),
    values: limitValues(writer, key.unit, limit),
    used: limitFigure(writer, key.unit, used),
  });
  return isReached ? joinMarkdown([line, writer.text('limits.reached')], '') : line;
}

function shown(command: string): Markdown {
  return escapeMarkdown(command, COMMAND_LENGTH);
}
