/** What the database, or running it, refuses. `code` is stable; `message` says what is wrong and what to do next. */
export class StoreError extends Error {
  override readonly name: string = 'StoreError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
