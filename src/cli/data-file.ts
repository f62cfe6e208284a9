import { readFile } from 'node:fs/promises';
import { type Document, isAlias, isMap, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Sentence } from '../domain/sentence.ts';
import type { FileProblem } from '../services/catalogue-problems.ts';
import { CliError } from './errors.ts';

/** A number with a point is a float to YAML, and money never is one: it stays text. */
const FLOAT = 'tag:yaml.org,2002:float';

/** A YAML or JSON file as plain values, that can say on which line something stands. */
export class DataFile {
  readonly path: string;
  readonly value: unknown;
  readonly #document: Document;
  readonly #lines: LineCounter;

  private constructor(path: string, document: Document, lines: LineCounter) {
    this.path = path;
    this.value = document.toJS();
    this.#document = document;
    this.#lines = lines;
  }

  /** @throws CliError `file_unreadable`, `file_invalid` with everything that is wrong */
  static async read(path: string): Promise<DataFile> {
    const lines = new LineCounter();
    const document = parseDocument(await readText(path), {
      lineCounter: lines,
      prettyErrors: false,
      customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || tag.tag !== FLOAT),
    });
    const problems = [...document.errors, ...document.warnings].map(({ message, pos: [offset] }) => {
      const { line, col } = lines.linePos(offset);
      return {
        english: `line ${line}, column ${col}: ${message}`,
        chinese: `第 ${line} 行第 ${col} 列：YAML 语法错误（${message}）`,
      };
    });
    if (problems.length > 0) throw refusal(path, problems);
    try {
      return new DataFile(path, document, lines);
    } catch (error) {
      // An alias that leads nowhere, or too many of them.
      const reason = error instanceof Error ? error.message : String(error);
      throw refusal(path, [{ english: reason, chinese: `YAML 引用无法解析（${reason}）` }]);
    }
  }

  /** What is wrong, or does not go together with what is there, each with its line and its place. */
  refuse(problems: readonly FileProblem[], code: RefusalCode = 'file_invalid'): CliError {
    const placed = problems.map((problem) => ({ ...problem, line: this.#lineOf(problem.path) }));
    placed.sort((a, b) => a.line - b.line);
    return refusal(
      this.path,
      placed.map(({ line, path, message }) => ({
        english: `line ${line}, ${placeOf(path) || 'the file'}: ${message.english}`,
        chinese: `第 ${line} 行，${placeOf(path) || '整个文件'}：${message.chinese}`,
      })),
      code,
    );
  }

  /** The line of what stands there; of what it should stand in, where it is missing. */
  #lineOf(path: readonly PropertyKey[]): number {
    let node = this.#document.contents as Node | null;
    let offset = node?.range?.[0] ?? 0;
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(this.#document) ?? null;
      const found = stepInto(node, step);
      if (!found) break;
      ({ node, offset } = found);
    }
    return this.#lines.linePos(offset).line;
  }
}

function stepInto(parent: Node | null, step: PropertyKey): { node: Node | null; offset: number } | undefined {
  if (isSeq<Node>(parent)) {
    const node = parent.items[Number(step)];
    return node && { node, offset: node.range?.[0] ?? 0 };
  }
  if (!isMap<Node, Node | null>(parent)) return undefined;
  const pair = parent.items.find(({ key }) => String(key) === String(step));
  return pair && { node: pair.value, offset: pair.key.range?.[0] ?? 0 };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error;
    throw new CliError(
      'file_unreadable',
      `${path} cannot be read (${reason}). Give the path of a file that you may read.`,
      { path, reason: String(reason) },
    );
  }
}

/** `tariffs[0].mainland.promotion[2].price`; empty for the file as a whole. */
function placeOf(path: readonly PropertyKey[]): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return text.replace(/^\./, '');
}

/** What is wrong with a file itself, or between it and what is there. */
type RefusalCode = 'file_invalid' | 'tariff_conflict' | 'offer_conflict';

function refusal(path: string, problems: readonly Sentence[], code: RefusalCode = 'file_invalid'): CliError {
  const english = problems.map((problem) => problem.english).join('\n  ');
  const chinese = problems.map((problem) => problem.chinese).join('\n  ');
  return new CliError(code, `${path} cannot be used, and nothing was imported. Mend it and try again:\n  ${english}`, {
    path,
    problems: chinese,
  });
}
