import type { ActionOf, ApprovalAction, SendingAfter } from '../../../domain/approval.ts';
import type { NoticeButton } from '../../../store/notices.ts';
import type { Markdown } from '../../markdown.ts';
import type { Writer } from '../../writer.ts';

/** How a kind of action is told: on the card that asks for it, on the same card when it is decided, and in the answers. */
export interface ActionWords<T extends ApprovalAction['type'] = ApprovalAction['type']> {
  /** What is done, in a few words that follow "asks to": `开启自动续费`. */
  name(writer: Writer, action: ActionOf<T>): Markdown;
  /** What follows when it is carried out, for who decides: all that is agreed to, with its figures. */
  effect(writer: Writer, action: ActionOf<T>): readonly (Markdown | undefined)[];
  /** That it has been carried out, and what that has made of `sending`, where it is known. */
  done(writer: Writer, action: ActionOf<T>, sending?: SendingAfter): Markdown;
  /** How it stays when it is rejected. */
  declined(writer: Writer, action: ActionOf<T>): Markdown;
  /** Said to who asked, beside the options. */
  note?(writer: Writer, action: ActionOf<T>): Markdown | undefined;
  /** What who asked can ask for instead. */
  options?(writer: Writer, action: ActionOf<T>): readonly NoticeButton[];
  /** Asks for the same as things are now, for when it could not be carried out. */
  again?(writer: Writer, action: ActionOf<T>): NoticeButton;
  /** Where one looks for what came of it. */
  next(writer: Writer, action: ActionOf<T>): NoticeButton;
}
