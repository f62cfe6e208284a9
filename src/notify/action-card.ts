import type { NoticeButton, NoticeContent } from '../store/notices.ts';
import { fitted, markdownWithHint, markdownWithMentions } from './render.ts';

/** The platform has messages of the robot with one button, and with two to five. */
const MAX_BUTTONS = 5;

/**
 * An action card for a conversation's webhook. Its buttons make who presses them say the command; the commands stand in the text too, as
 * it is not known of a group whether what is said so mentions the robot.
 *
 * @param robotName how the robot is called where it must be mentioned; null in a direct conversation, or where it is not known
 */
export function actionCard(content: NoticeContent, robotName: string | null) {
  return {
    title: content.title,
    text: markdownWithMentions(content),
    btnOrientation: '0',
    btns: content.buttons.map((button) => ({ title: button.label, actionURL: sayingLink(button, robotName) })),
  };
}

/** The same as a message of the robot: with its first five buttons, and within `maxBytes`. */
export function actionCardMessage(
  content: NoticeContent,
  robotName: string | null,
  maxBytes: number,
): { msgKey: string; msgParam: Record<string, string> } {
  const buttons = content.buttons.slice(0, MAX_BUTTONS);
  const [only, ...others] = buttons;
  const write = (said: NoticeContent) => ({
    title: said.title,
    text: markdownWithHint(said),
    ...(only && others.length === 0
      ? { singleTitle: only.label, singleURL: sayingLink(only, robotName) }
      : Object.fromEntries(
          buttons.flatMap((button, index) => [
            [`actionTitle${index + 1}`, button.label],
            [`actionURL${index + 1}`, sayingLink(button, robotName)],
          ]),
        )),
  });
  return {
    msgKey: buttons.length === 1 ? 'sampleActionCard' : `sampleActionCard${buttons.length}`,
    msgParam: fitted(content, maxBytes, write),
  };
}

/** Pressing it makes who presses it send the command to the conversation. */
function sayingLink({ command }: NoticeButton, robotName: string | null): string {
  const words = robotName === null ? command : `@${robotName} ${command}`;
  return `dtmd://dingtalkclient/sendMessage?content=${encodeURIComponent(words)}`;
}
