import type { NoticeButton, NoticeContent, NoticePicture } from '../store/notices.ts';
import { escapeMarkdown, joinMarkdown, type Markdown } from './markdown.ts';
import { type CommandName, commandText, type SwitchState, switchText } from './vocabulary.ts';
import type { Writer } from './writer.ts';

/** What a card offers; any other time can be typed. */
const DEFAULT_SNOOZE = { 'zh-CN': '4小时', en: '4h' } as const;

/** Where something is said: in a group a command needs a mention of the robot. */
export type Place = 'group' | 'direct';

/** What is to be said, before it is known to whom. */
export interface Draft {
  /** Shown alone in a push notification, so it must say what happened. */
  readonly title: Markdown;
  readonly paragraphs: readonly (Markdown | undefined)[];
  readonly buttons?: readonly NoticeButton[];
  readonly mentions?: NoticeContent['mentions'];
  /** Below the text. */
  readonly pictures?: readonly NoticePicture[];
}

/** Puts a draft into the form in which notices are stored. */
export function contentOf(writer: Writer, place: Place, draft: Draft): NoticeContent {
  const { title, paragraphs, buttons = [], mentions = [], pictures = [] } = draft;
  return {
    title,
    markdown: joinMarkdown(paragraphs, '\n\n'),
    buttons,
    hint: hintFor(writer, place, buttons),
    mentions,
    ...(pictures.length > 0 ? { pictures } : {}),
  };
}

/** Rule 18: the commands that do the same as the buttons. */
function hintFor(writer: Writer, place: Place, buttons: readonly NoticeButton[]): string {
  if (buttons.length === 0) return '';
  const commands = writer.anyOf(
    buttons.map(({ command }) => writer.text('hint.command', { command: escapeMarkdown(command, 100) })),
  );
  return writer.text(`hint.in.${place}`, { commands });
}

/** A button that shows something. */
export function askButton(
  writer: Writer,
  command:
    | 'help'
    | 'balance'
    | 'quota'
    | 'usage'
    | 'plans'
    | 'auto-renew'
    | 'approvals'
    | 'settings'
    | 'group'
    | 'admins'
    | 'history'
    | 'limits'
    | 'price'
    | 'buy',
) {
  return button(writer.text(`button.${command}`), 'plain', command, commandText(writer.language, command));
}

/** A button that stops sending at once. */
export function pauseButton(writer: Writer): NoticeButton {
  return button(writer.text('button.pause'), 'danger', 'pause', commandText(writer.language, 'pause'));
}

/** A button that asks to send again. */
export function resumeButton(writer: Writer): NoticeButton {
  return button(writer.text('button.resume'), 'primary', 'resume', commandText(writer.language, 'resume'));
}

/** A button that says that one knows of an alert. `named` writes the code on it, for where several stand together. */
export function ackButton(writer: Writer, code: string, named = false): NoticeButton {
  const label = named ? writer.text('button.ack.named', { code: writer.name(code) }) : writer.text('button.ack');
  return button(label, 'primary', `ack-${code}`, commandText(writer.language, 'ack', code));
}

/** A button that holds an alert back for a while. */
export function snoozeButton(writer: Writer, code: string): NoticeButton {
  const argument = `${code} ${DEFAULT_SNOOZE[writer.language]}`;
  return button(
    writer.text('button.snooze'),
    'plain',
    `snooze-${code}`,
    commandText(writer.language, 'snooze', argument),
  );
}

/** A button that switches auto-renewal. */
export function switchButton(writer: Writer, state: SwitchState, style: NoticeButton['style']): NoticeButton {
  return button(
    writer.text(`button.auto-renew.${state}`),
    style,
    `auto-renew-${state}`,
    switchText(writer.language, state),
  );
}

/**
 * A button that decides an approval. `named` writes the code on it, for where several stand together; `confirm` says so where one confirms
 * what one asked for.
 */
export function decisionButton(
  writer: Writer,
  command: 'approve' | 'reject',
  code: string,
  { named = false, confirm = false }: { named?: boolean; confirm?: boolean } = {},
): NoticeButton {
  const word = !confirm ? command : command === 'approve' ? 'confirm' : 'cancel';
  const label = named
    ? writer.text(`button.${word}.named`, { code: writer.name(code) })
    : writer.text(`button.${word}`);
  const style = command === 'approve' ? 'primary' : confirm ? 'plain' : 'danger';
  return button(label, style, `${command}-${code}`, commandText(writer.language, command, code));
}

/** A button that runs a command that was suggested. */
export function suggestionButton(command: CommandName, text: string): NoticeButton {
  return button(text, 'primary', `suggestion-${command}`, text);
}

/** A button that answers a question with a whole command. `index` tells it from the card's others. */
export function choiceButton(
  label: string,
  index: number,
  command: string,
  style: NoticeButton['style'] = 'plain',
): NoticeButton {
  return button(label, style, `choice-${index + 1}`, command);
}

/** A button that asks again for what could not be done. */
export function againButton(label: string, command: string): NoticeButton {
  return button(label, 'primary', 'again', command);
}

function button(label: string, style: NoticeButton['style'], id: string, command: string): NoticeButton {
  return { id, label, style, command };
}
