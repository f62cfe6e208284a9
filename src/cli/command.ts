import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { bilingual, type Sentence } from '../domain/sentence.ts';
import { issuesIn } from '../services/file-problems.ts';
import { codeOf } from '../store/connection.ts';
import { UsageError } from './errors.ts';
import type { Language } from './language.ts';
import type { Session } from './session.ts';

/** What a command found or did: for machines, and for people. */
export interface Result {
  /** Becomes JSON. Money as exact decimals, times as ISO 8601. */
  readonly json: unknown;
  readonly lines: readonly string[];
  /** Found something that must not be: it is shown like any answer, with exit code 1. Default: false. */
  readonly isFailure?: boolean;
}

interface Argument {
  /** As it stands in the usage: `ACCOUNT`. */
  readonly name: string;
  readonly isOptional?: boolean;
  readonly about: string;
}

interface Option {
  /** As it stands after the option's name: `--key KEY`. Left out, the option is a switch that has no value. */
  readonly value?: string;
  readonly about: string;
}

/** How a command is described. The input has the arguments and options as its fields, under the names that they are typed with. */
interface Description<Input extends z.ZodType> {
  /** The words that call it: `account create`. */
  readonly name: string;
  readonly about: string;
  readonly arguments?: readonly Argument[];
  readonly options?: Readonly<Record<string, Option>>;
  readonly input: Input;
}

/** A command that works on the database of the settings. */
export interface CommandSpec<Input extends z.ZodType> extends Description<Input> {
  /** Whether it works on a database whose migrations have not run. Default: false. */
  readonly beforeMigration?: boolean;
  readonly run: (session: Session, input: z.output<Input>) => Promise<Result>;
}

/** A command that opens what it needs itself, and answers also where that cannot be had. */
export interface ProgramSpec<Input extends z.ZodType> extends Description<Input> {
  readonly run: (input: z.output<Input>, host: ProgramHost) => Promise<Result>;
}

/** What the command line does for a command that opens what it needs itself. */
export interface ProgramHost {
  /**
   * Reads and validates the settings.
   *
   * @throws ConfigError `config_invalid`
   */
  readConfig(): Config;
  /** In which errors are told. */
  readonly language: Language;
  /** Shows the person at the terminal a line before the answer. */
  tell(line: string): void;
}

/** What the command line does for a command. */
export interface Host extends ProgramHost {
  /** Opens the database of the settings for as long as `work` takes. */
  withSession(
    options: { readonly beforeMigration: boolean },
    work: (session: Session) => Promise<Result>,
  ): Promise<Result>;
}

/** A command whose input has been read, ready to run. */
export type Prepared = (host: Host) => Promise<Result>;

export interface Command {
  readonly name: string;
  readonly about: string;
  readonly usage: string;
  readonly details: readonly (readonly [string, string])[];
  /** @throws UsageError */
  prepare(args: readonly string[]): Prepared;
}

export function defineCommand<Input extends z.ZodType>(spec: CommandSpec<Input>): Command {
  const { beforeMigration = false } = spec;
  return describe(
    spec,
    (input) => (host) => host.withSession({ beforeMigration }, (session) => spec.run(session, input)),
  );
}

export function defineProgram<Input extends z.ZodType>(spec: ProgramSpec<Input>): Command {
  return describe(spec, (input) => (host) => spec.run(input, host));
}

function describe<Input extends z.ZodType>(
  spec: Description<Input>,
  prepared: (input: z.output<Input>) => Prepared,
): Command {
  const { name, about, options = {} } = spec;
  const positionals = spec.arguments ?? [];
  const optionDetails = Object.entries(options).map(
    ([key, { value, about: what }]) => [value === undefined ? `--${key}` : `--${key} ${value}`, what] as const,
  );
  const usage = [
    name,
    ...positionals.map((argument) => (argument.isOptional ? `[${argument.name}]` : argument.name)),
    ...optionDetails.map(([option]) => `[${option}]`),
  ].join(' ');
  return {
    name,
    about,
    usage,
    details: [...positionals.map((argument) => [argument.name, argument.about] as const), ...optionDetails],
    prepare: (args) => prepared(readInput(spec, positionals, args, usage)),
  };
}

function readInput<Input extends z.ZodType>(
  spec: Description<Input>,
  positionals: readonly Argument[],
  args: readonly string[],
  usage: string,
): z.output<Input> {
  const options = Object.fromEntries(
    Object.entries(spec.options ?? {}).map(([key, { value }]) => [
      key,
      { type: value === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw usageError(optionProblem(error), usage);
  }
  const missing = positionals.slice(parsed.positionals.length).find((argument) => !argument.isOptional);
  if (missing) {
    throw usageError({ english: `${missing.name} is missing.`, chinese: `缺少 ${missing.name}。` }, usage);
  }
  const [surplus] = parsed.positionals.slice(positionals.length);
  if (surplus !== undefined) {
    const problem = {
      english: `"${surplus}" is too much; put a text with spaces in quotes.`,
      chinese: `“${surplus}”是多余的；含空格的文字请加引号。`,
    };
    throw usageError(problem, usage);
  }

  const given = parsed.positionals.map((value, index) => [positionals[index]?.name, value]);
  const values = { ...parsed.values, ...Object.fromEntries(given) };
  const input = spec.input.safeParse(values);
  if (input.success) return input.data;
  const problems = issuesIn(spec.input, values).map(({ path: [field = ''], message }) => {
    const isArgument = positionals.some((argument) => argument.name === field);
    const name = isArgument ? String(field) : `--${String(field)}`;
    return { english: `${name} ${message.english}.`, chinese: `${name} ${message.chinese}。` };
  });
  const english = problems.map((problem) => problem.english).join('\n');
  throw usageError({ english, chinese: problems.map(({ chinese }) => chinese).join('\n') }, usage);
}

const OPTION_PROBLEMS: Readonly<Record<string, string>> = {
  ERR_PARSE_ARGS_UNKNOWN_OPTION: '没有这个选项',
  ERR_PARSE_ARGS_INVALID_OPTION_VALUE: '选项缺少值，或不该有值',
};

/** What Node finds wrong with the options; it names the one in quotes. */
function optionProblem(error: unknown): Sentence {
  const english = error instanceof Error ? error.message : String(error);
  const [, option = ''] = /'([^']*)'/.exec(english) ?? [];
  return { english, chinese: `${OPTION_PROBLEMS[codeOf(error) ?? ''] ?? '选项有误'}：${option}。` };
}

function usageError({ english, chinese }: Sentence, usage: string): UsageError {
  const call = `npm run cli -- ${usage}`;
  return new UsageError({ english: `${english}\nUsage: ${call}`, chinese: `${chinese}\n用法：${call}` });
}

/** A name that a person gives to something: printable, at most so long. */
export function nameOf(maxLength: number) {
  return z
    .string()
    .trim()
    .regex(/^\P{C}+$/u, bilingual('must be printable and not empty', '须为可显示的文字，且不能为空'))
    .max(maxLength, bilingual(`must have at most ${maxLength} characters`, `最多 ${maxLength} 个字符`));
}
