import { RuleError } from '../domain/errors.ts';
import type { Sentence } from '../domain/sentence.ts';

/** A command line that cannot be understood; exit code 2. `message` says what is wrong and what to type. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
  readonly chinese: string;

  constructor({ english, chinese }: Sentence) {
    super(english);
    this.chinese = chinese;
  }
}

/** What the command line itself refuses; exit code 1. */
export class CliError extends RuleError {
  override readonly name = 'CliError';
}
