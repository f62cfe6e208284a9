import { parseArgs } from 'node:util';
import { z } from 'zod';
import { UsageError } from './errors.ts';
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
  /** As it stands after the option's name: `--key KEY`. */
  readonly value: string;
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
  /** `tell` shows the person at the terminal a line before the answer. */
  readonly run: (input: z.output<Input>, tell: (line: string) => void) => Promise<Result>;
}

/** What the command line does for a command. */
export interface Host {
  /** Opens the database of the settings for as long as `work` takes. */
  withSession(
    options: { readonly beforeMigration: boolean },
    work: (session: Session) => Promise<Result>,
  ): Promise<Result>;
  tell(line: string): void;
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
  return describe(spec, (input) => (host) => spec.run(input, (line) => host.tell(line)));
}

function describe<Input extends z.ZodType>(
  spec: Description<Input>,
  prepared: (input: z.output<Input>) => Prepared,
): Command {
  const { name, about, options = {} } = spec;
  const positionals = spec.arguments ?? [];
  const optionDetails = Object.entries(options).map(
    ([key, option]) => [`--${key} ${option.value}`, option.about] as const,
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
  const options = Object.fromEntries(Object.keys(spec.options ?? {}).map((key) => [key, { type: 'string' as const }]));
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error), usage);
  }
  const missing = positionals.slice(parsed.positionals.length).find((argument) => !argument.isOptional);
  if (missing) throw usageError(`${missing.name} is missing.`, usage);
  const [surplus] = parsed.positionals.slice(positionals.length);
  if (surplus !== undefined) throw usageError(`"${surplus}" is too much; put a text with spaces in quotes.`, usage);

  const given = parsed.positionals.map((value, index) => [positionals[index]?.name, value]);
  const input = spec.input.safeParse({ ...parsed.values, ...Object.fromEntries(given) });
  if (input.success) return input.data;
  const problems = input.error.issues.map(({ path: [field = ''], message }) => {
    const isArgument = positionals.some((argument) => argument.name === field);
    return `${isArgument ? String(field) : `--${String(field)}`} ${message}.`;
  });
  throw usageError(problems.join('\n'), usage);
}

function usageError(problem: string, usage: string): UsageError {
  return new UsageError(`${problem}\nUsage: npm run cli -- ${usage}`);
}

/** A name that a person gives to something: printable, at most so long. */
export function nameOf(maxLength: number) {
  return z
    .string()
    .trim()
    .regex(/^\P{C}+$/u, 'must be printable and not empty')
    .max(maxLength, `must have at most ${maxLength} characters`);
}
