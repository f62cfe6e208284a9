import { z } from 'zod';
import { InputError } from '../domain/errors.ts';
import { chineseOf, type Sentence } from '../domain/sentence.ts';
import type { FileProblem } from './catalogue-problems.ts';

const inChinese = z.locales.zhCN().localeError;

/** What a schema finds wrong with the values of a file, in both languages. */
export function issuesIn(schema: z.ZodType, value: unknown): FileProblem[] {
  const english = schema.safeParse(value).error?.issues ?? [];
  // The same schema finds the same issues in the same order; the words alone are others.
  const chinese = schema.safeParse(value, { error: inChinese }).error?.issues ?? [];
  return english.flatMap((issue, index) => problemsOf(issue, chinese[index] ?? issue));
}

/** A key that is not known is named itself, not what it stands in. */
function problemsOf(issue: z.core.$ZodIssue, translated: z.core.$ZodIssue): FileProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: NO_SUCH_KEY }));
  }
  return [{ path: issue.path, message: { english: textOf(issue), chinese: chineseText(translated) } }];
}

const NO_SUCH_KEY: Sentence = { english: 'nothing of this name belongs here', chinese: '这里没有这个名称的内容' };

/** What is wrong with the key of a record stands within. */
function textOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_key' ? issue.issues.map(textOf).join('; ') : issue.message;
}

function chineseText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues.map(chineseText).join('；');
  const own = issue.code === 'custom' ? issue.params?.chinese : undefined;
  return typeof own === 'string' ? own : (chineseOf(issue.message) ?? issue.message);
}

/** @throws InputError `file_invalid`, with everything that is wrong */
export function parseFile<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = issuesIn(schema, value);
  const english = problems.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message.english}`);
  const chinese = problems.map(({ path, message }) => `${path.join('.') || '整个文件'}：${message.chinese}`);
  throw new InputError('file_invalid', `The file cannot be used. Change it and try again:\n  ${english.join('\n  ')}`, {
    problems: chinese.join('\n  '),
  });
}
