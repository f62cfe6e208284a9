import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { table } from './output.ts';

const CALL = 'npm run cli --';

/** What there is. */
export function generalHelp(): string[] {
  return [
    `Usage: ${CALL} COMMAND [--json]`,
    '',
    ...table([...COMMANDS.map(({ name, about }) => [`  ${name}`, about]), ['  help COMMAND', 'Explain a command']]),
    '',
    `With --json the answer is one line of JSON; "npm run --silent cli -- …" keeps npm's own lines out of it.`,
    'Errors are told in Chinese where the terminal is (LC_ALL, LC_MESSAGES, LANG), or by --language zh-CN|en.',
    'The exit code is 0 when it is done, 1 when it is refused or failed, 2 when the command is not understood.',
    'The settings are those of the service: the environment and .env, explained in .env.example.',
  ];
}

/** How one command is called. */
export function helpFor({ about, usage, details }: Command): string[] {
  return [
    `${about}.`,
    '',
    `Usage: ${CALL} ${usage} [--json]`,
    ...(details.length > 0 ? ['', ...table(details.map(([name, text]) => [`  ${name}`, text]))] : []),
  ];
}
