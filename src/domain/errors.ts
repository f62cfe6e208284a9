import { CHINESE, type ErrorArguments, type ErrorCode, type ErrorDetails } from './error-sentences.ts';
import { fill } from './sentence.ts';

/**
 * What a rule refuses. `code` is stable; `message` is a sentence that says what is wrong and what to do next. A new code needs its Chinese
 * sentence in `error-sentences.ts` first.
 */
export class RuleError extends Error {
  override readonly name: string = 'RuleError';
  readonly code: ErrorCode;
  /** Values that a translated text of this error shows. */
  readonly details: ErrorDetails;

  constructor(...[code, message, details = {}]: ErrorArguments) {
    super(message);
    this.code = code;
    this.details = details;
  }

  /** The sentence in Chinese. */
  get chinese(): string {
    return fill(CHINESE[this.code], this.details);
  }
}

/** Input that is malformed, or that names something which does not exist. */
export class InputError extends RuleError {
  override readonly name = 'InputError';
}
