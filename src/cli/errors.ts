/** A command line that cannot be understood; exit code 2. `message` says what is wrong and what to type. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'usage';
}

/** What the command line itself refuses; exit code 1. `code` is stable, `message` says what is wrong and what to do next. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
