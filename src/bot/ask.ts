import type { NoticeButton } from '../store/notices.ts';
import type { CommandContext, Reply } from './commands/command.ts';
import { choiceButton } from './content.ts';
import { type Markdown, ownMarkdown } from './markdown.ts';
import { type CommandName, commandText } from './vocabulary.ts';

/** More buttons than these push the question off a phone's screen. */
const MAX_CHOICES = 6;

/** One way to go on. */
export interface Choice {
  /** On the button. */
  readonly label: Markdown;
  /** What the command was missing: the button says the whole command with it, so typing it does the same. (rule 18) */
  readonly argument: string;
  /** Of another command than the one that asks. */
  readonly command?: CommandName;
  readonly style?: NoticeButton['style'];
}

export interface Question {
  /** The command that lacks something. */
  readonly command: CommandName;
  /** Shown alone in a push notification: what is asked. */
  readonly title: Markdown;
  /** What is asked, and what the choices mean. */
  readonly paragraphs: readonly (Markdown | undefined)[];
  /** What can be chosen, the likeliest first; the first six are shown. */
  readonly choices: readonly Choice[];
  /** An argument of our own that may be typed where the choices do not say it all, shown as an example of the whole command. */
  readonly example?: string | undefined;
}

/**
 * Asks for what a command still lacks, with what can be chosen: a missing or unclear argument is no error. What was said instead, when
 * something was, is told first.
 */
export function askFor({ writer, argument }: CommandContext, question: Question): Reply {
  const { command, title, paragraphs, choices, example } = question;
  return {
    title,
    paragraphs: [
      argument === '' ? undefined : writer.text('ask.not_understood', { said: writer.title(argument) }),
      ...paragraphs,
      example === undefined
        ? undefined
        : writer.text('ask.example', {
            command: ownMarkdown(commandText(writer.language, command, example)),
          }),
    ],
    buttons: choices
      .slice(0, MAX_CHOICES)
      .map((choice, index) =>
        choiceButton(
          choice.label,
          index,
          commandText(writer.language, choice.command ?? command, choice.argument),
          choice.style,
        ),
      ),
  };
}
