import type { Sentence } from '../../domain/sentence.ts';

/** What one check found. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'failed' | 'skipped';
  /** In a sentence or a few words; holds no secrets. */
  readonly found: string;
  /** What to do about it. */
  readonly next?: string;
  /** Both in Chinese, of what failed. */
  readonly foundZh?: string;
  readonly nextZh?: string;
  /** What is not wrong but should be known. */
  readonly warnings?: readonly string[];
}

export function ok(name: string, found: string, warnings: readonly string[] = []): Finding {
  return { name, state: 'ok', found, ...(warnings.length > 0 ? { warnings } : {}) };
}

export function failed(name: string, found: Sentence, next: Sentence): Finding {
  const chinese = { foundZh: found.chinese, nextZh: next.chinese };
  return { name, state: 'failed', found: found.english, next: next.english, ...chinese };
}

export function skipped(name: string, found: string, next?: string): Finding {
  return { name, state: 'skipped', found, ...(next === undefined ? {} : { next }) };
}

/** The sentence of an error; what has none in Chinese is told as it is. */
export function sentenceOf(error: unknown): Sentence {
  const english = error instanceof Error ? error.message : String(error);
  const isBilingual = error instanceof Error && 'chinese' in error && typeof error.chinese === 'string';
  return { english, chinese: isBilingual ? String(error.chinese) : english };
}
