import type { ReadMark } from './records.ts';

/** Who had read a conversation how far, and when. */
export class ReadMarks {
  /** By conversation and person; each mark lies behind the one before it. */
  readonly #marks = new Map<string, Map<string, ReadMark[]>>();

  get all(): ReadMark[] {
    return [...this.#marks.values()].flatMap((people) => [...people.values()].flat());
  }

  add(mark: ReadMark): void {
    let people = this.#marks.get(mark.conversationId);
    if (people === undefined) {
      people = new Map();
      this.#marks.set(mark.conversationId, people);
    }
    const marks = people.get(mark.userId);
    if (marks === undefined) people.set(mark.userId, [mark]);
    else marks.push(mark);
  }

  /** The `seq` up to which this person has read the conversation. */
  upTo(conversationId: string, userId: string): number {
    return this.#marks.get(conversationId)?.get(userId)?.at(-1)?.seq ?? 0;
  }

  /** Those who have read the message, its author aside. */
  readers(message: MessagePlace): string[] {
    const { conversationId, seq, from, visibleTo } = message;
    const people = [...(this.#marks.get(conversationId)?.keys() ?? [])];
    return people.filter(
      (userId) => userId !== from && (visibleTo?.includes(userId) ?? true) && this.upTo(conversationId, userId) >= seq,
    );
  }

  /** When this person read the message, in epoch milliseconds; null where they have not, or wrote it. */
  at(message: MessagePlace, userId: string): number | null {
    if (message.from === userId || message.visibleTo?.includes(userId) === false) return null;
    const marks = this.#marks.get(message.conversationId)?.get(userId) ?? [];
    return marks.find((mark) => mark.seq >= message.seq)?.at ?? null;
  }
}

interface MessagePlace {
  readonly seq: number;
  readonly conversationId: string;
  readonly from: string;
  readonly visibleTo: readonly string[] | null;
}
