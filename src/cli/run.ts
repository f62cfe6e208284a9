import { loadConfig } from '../config.ts';
import { RuleError } from '../domain/errors.ts';
import { createLogger } from '../log.ts';
import { codeOf } from '../store/connection.ts';
import { StoreError } from '../store/errors.ts';
import type { Command, Result } from './command.ts';
import { COMMANDS } from './commands.ts';
import { CliError, UsageError } from './errors.ts';
import { generalHelp, helpFor } from './help.ts';
import { withSession } from './session.ts';

export interface Terminal {
  out(line: string): void;
  error(line: string): void;
}

const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Carries out one command line; answers the exit code. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const isJson = args.includes('--json');
  const words = args.filter((arg) => arg !== '--json');
  try {
    const { json, lines, isFailure = false } = await carryOut(words, terminal);
    for (const line of isJson && json !== undefined ? [JSON.stringify(json)] : lines) terminal.out(line);
    return isFailure ? EXIT.failed : EXIT.done;
  } catch (error) {
    const { code, message } = explain(error);
    if (isJson) terminal.error(JSON.stringify({ error: { code, message } }));
    else terminal.error(`${code}: ${message}`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

/** Help has lines only. */
async function carryOut(words: readonly string[], terminal: Terminal): Promise<Result> {
  if (words.length === 0) throw new UsageError(`Say what to do.\n\n${generalHelp().join('\n')}`);
  const [first = '', ...rest] = words;
  if (['help', '--help', '-h'].includes(first))
    return { json: undefined, lines: rest.length === 0 ? generalHelp() : helpFor(findCommand(rest).command) };
  const { command, args } = findCommand(words);
  if (args.includes('--help') || args.includes('-h')) return { json: undefined, lines: helpFor(command) };

  const prepared = command.prepare(args);
  return prepared({
    withSession: (options, work) =>
      withSession(loadConfig(), createLogger({ level: 'warn', name: 'cli' }), options, work),
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
  const choices = related.length > 0 ? `Commands: ${related.join(', ')}.` : '"npm run cli -- help" lists the commands.';
  throw new UsageError(`"${words.slice(0, 2).join(' ')}" is no command. ${choices}`);
}

function explain(error: unknown): { code: string; message: string } {
  const isTold = [UsageError, CliError, RuleError, StoreError].some((kind) => error instanceof kind);
  if (error instanceof Error && (isTold || codeOf(error) === 'config_invalid')) {
    return { code: codeOf(error) ?? 'failed', message: error.message };
  }
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    code: 'internal',
    message: `The command failed, and nothing was changed. This is a defect; report it: ${what}`,
  };
}
