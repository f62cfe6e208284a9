import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseScript, type Step, writeScript } from './script.ts';
import { Stage } from './stage.ts';

/** Writes the scripts anew from what the bot says, to be read before they are committed. Never where nobody reads. */
const isUpdate = process.env.UPDATE_CONVERSATIONS === '1';
if (isUpdate && process.env.CI) throw new Error('UPDATE_CONVERSATIONS must not be set where tests judge a change.');

const LANGUAGES = ['zh', 'en'] as const;

/** A test for each script of the folder that is in this language; each language has a file, so that two can run at once. */
export function describeConversations(folder: string, language: (typeof LANGUAGES)[number]): void {
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  const stray = names.filter((name) => !LANGUAGES.some((each) => name.startsWith(`${each}-`)));
  if (stray.length > 0) throw new Error(`no test plays ${stray.join(', ')}: a name begins with its language`);

  describe('conversations over the real stream, as in the scripts beside this file', () => {
    it.each(names.filter((name) => name.startsWith(`${language}-`)))('%s', async (name) => {
      const path = join(folder, name);
      const expected = readFileSync(path, 'utf8');
      const actual = await play(expected);
      if (isUpdate) writeFileSync(path, actual);
      else expect(actual).toBe(expected);
    });
  });
}

async function play(text: string): Promise<string> {
  const script = parseScript(text);
  const stage = await Stage.open(script);
  try {
    const heard = new Map<Step, readonly string[]>();
    for (const step of script.steps) heard.set(step, await stage.play(step.action));
    return writeScript(script, heard);
  } finally {
    await stage.close();
  }
}
