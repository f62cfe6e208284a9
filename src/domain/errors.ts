/** What a rule refuses. `code` is stable; `message` is a sentence that says what is wrong and what to do next. */
export class RuleError extends Error {
  override readonly name: string = 'RuleError';
  readonly code: string;
  /** Values that a translated text of this error shows. */
  readonly details: Readonly<Record<string, string>>;

  constructor(code: string, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Input that is malformed, or that names something which does not exist. */
export class InputError extends RuleError {
  override readonly name = 'InputError';
}
