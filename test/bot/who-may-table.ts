import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const PEOPLE = ['administrator', 'member', 'outsider', 'external', 'elsewhere', 'another', 'former'] as const;
export type Who = (typeof PEOPLE)[number];

export const OUTCOMES = ['tells', 'acts', 'confirms', 'requests', 'refuses', 'guides'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Row {
  readonly command: string;
  readonly words: string;
  readonly outcomes: Readonly<Record<Who, Outcome>>;
}

/** The table of `who-may.md`. @throws Error for a cell that is no outcome */
export function readTable(): Row[] {
  const lines = readFileSync(join(import.meta.dirname, 'who-may.md'), 'utf8').split('\n');
  const head = lines.findIndex((line) => line.startsWith('| command | words |'));
  return lines
    .slice(head + 2)
    .filter((line) => line.startsWith('|'))
    .map((line) => {
      const [command = '', words = '', ...cells] = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      const outcomes = PEOPLE.map((who, index) => {
        const outcome = OUTCOMES.find((one) => one === cells[index]);
        if (!outcome) throw new Error(`who-may.md: "${cells[index]}" is no outcome (${words}, ${who})`);
        return [who, outcome] as const;
      });
      return { command, words, outcomes: Object.fromEntries(outcomes) as Record<Who, Outcome> };
    });
}
