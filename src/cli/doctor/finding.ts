/** What one check found. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'failed' | 'skipped';
  /** In a sentence or a few words; holds no secrets. */
  readonly found: string;
  /** What to do about it. */
  readonly next?: string;
  /** What is not wrong but should be known. */
  readonly warnings?: readonly string[];
}

export function ok(name: string, found: string, warnings: readonly string[] = []): Finding {
  return { name, state: 'ok', found, ...(warnings.length > 0 ? { warnings } : {}) };
}

export function failed(name: string, found: string, next: string): Finding {
  return { name, state: 'failed', found, next };
}

export function skipped(name: string, found: string, next?: string): Finding {
  return { name, state: 'skipped', found, ...(next === undefined ? {} : { next }) };
}

/** The sentence of an error. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
