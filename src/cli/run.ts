import { ConfigError, type ConfigSources, loadConfig } from '../config.ts';
import { RuleError } from '../domain/errors.ts';
import type { Sentence } from '../domain/sentence.ts';
import { createLogger } from '../log.ts';
import { StoreError } from '../store/errors.ts';
import type { Command, Result } from './command.ts';
import { COMMANDS } from './commands.ts';
import { UsageError } from './errors.ts';
import { generalHelp, helpFor } from './help.ts';
import { type Language, takeLanguage } from './language.ts';
import { withSession } from './session.ts';

export interface Terminal {
  /** In which it is told of errors, where the command line does not say it. Default: English. */
  readonly language?: Language;
  /** Where its settings are read. Default: the process's own environment and working directory. */
  readonly settings?: ConfigSources;
  out(line: string): void;
  error(line: string): void;
}

const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Carries out one command line; answers the exit code. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const isJson = args.includes('--json');
  let language = terminal.language ?? 'en';
  try {
    const taken = takeLanguage(args, language);
    language = taken.language;
    const words = taken.words.filter((word) => word !== '--json');
    const { json, lines, isFailure = false } = await carryOut(words, terminal, language);
    for (const line of isJson && json !== undefined ? [JSON.stringify(json)] : lines) terminal.out(line);
    return isFailure ? EXIT.failed : EXIT.done;
  } catch (error) {
    const { code, ...sentence } = explain(error);
    const message = language === 'en' ? sentence.english : sentence.chinese;
    if (isJson) terminal.error(JSON.stringify({ error: { code, message } }));
    else terminal.error(`${code}: ${message}`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

/** Help has lines only. */
async function carryOut(words: readonly string[], terminal: Terminal, language: Language): Promise<Result> {
  if (words.length === 0) {
    const help = generalHelp().join('\n');
    throw new UsageError({ english: `Say what to do.\n\n${help}`, chinese: `请说明要做什么。\n\n${help}` });
  }
  const [first = '', ...rest] = words;
  if (['help', '--help', '-h'].includes(first))
    return { json: undefined, lines: rest.length === 0 ? generalHelp() : helpFor(findCommand(rest).command) };
  const { command, args } = findCommand(words);
  if (args.includes('--help') || args.includes('-h')) return { json: undefined, lines: helpFor(command) };

  const prepared = command.prepare(args);
  const readConfig = () => loadConfig(terminal.settings);
  return prepared({
    withSession: (options, work) =>
      withSession(readConfig(), createLogger({ level: 'warn', name: 'cli' }), options, work),
    readConfig,
    language,
    tell: (line) => terminal.error(line),
  });
}

/** @throws UsageError when the words name no command */
function findCommand(words: readonly string[]): { command: Command; args: readonly string[] } {
  for (const command of COMMANDS) {
    const name = command.name.split(' ');
    if (name.every((word, index) => words[index] === word)) return { command, args: words.slice(name.length) };
  }
  const related = COMMANDS.filter(({ name }) => name.split(' ')[0] === words[0]).map(({ name }) => name);
  const given = words.slice(0, 2).join(' ');
  const isRelated = related.length > 0;
  throw new UsageError({
    english: `"${given}" is no command. ${isRelated ? `Commands: ${related.join(', ')}.` : '"npm run cli -- help" lists the commands.'}`,
    chinese: `没有命令“${given}”。${isRelated ? `相近的命令：${related.join('，')}。` : '用 npm run cli -- help 查看全部命令。'}`,
  });
}

function explain(error: unknown): Sentence & { readonly code: string } {
  if (error instanceof UsageError || error instanceof RuleError) {
    return { code: error.code, english: error.message, chinese: error.chinese };
  }
  // What these are about, a path or a server's own words, stands in the English sentence.
  if (error instanceof StoreError) {
    return { code: error.code, english: error.message, chinese: `${error.chinese}\n${error.message}` };
  }
  if (error instanceof ConfigError) {
    return { code: error.code, english: error.message, chinese: `${error.chinese}\n${error.message}` };
  }
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    code: 'internal',
    english: `The command failed, and nothing was changed. This is a defect; report it: ${what}`,
    chinese: `命令失败，没有任何改动。这是程序缺陷，请报告：${what}`,
  };
}
