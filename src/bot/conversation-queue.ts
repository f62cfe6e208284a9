interface Line {
  /** Running and waiting. */
  count: number;
  /** Ends with the last of them, however that ends. */
  end: Promise<void>;
}

/**
 * Runs what is said in one conversation in the order in which it came, and conversations beside each other: a command that is typed after
 * another is answered after it, and sees what it did. It orders one process's work; what has an effect at all is decided by the database.
 */
export class ConversationQueue {
  readonly #lines = new Map<string, Line>();

  /** Runs `work` after all that was given for the same conversation before, however that ended. */
  run<T>(conversation: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(conversation) ?? { count: 0, end: Promise.resolve() };
    this.#lines.set(conversation, line);
    line.count += 1;
    const running = this.#after(line.end, conversation, line, work);
    line.end = running.then(
      () => {},
      () => {},
    );
    return running;
  }

  /** Whether nothing of this conversation is running or waiting. */
  isIdle(conversation: string): boolean {
    return !this.#lines.has(conversation);
  }

  async #after<T>(before: Promise<void>, conversation: string, line: Line, work: () => Promise<T>): Promise<T> {
    await before;
    try {
      return await work();
    } finally {
      line.count -= 1;
      if (line.count === 0) this.#lines.delete(conversation);
    }
  }
}
