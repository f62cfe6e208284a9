import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseScript, type Step, writeScript } from '../support/conversation/script.ts';
import { Stage } from '../support/conversation/stage.ts';

/** Writes the scripts anew from what the bot says, to be read before they are committed. Never where nobody reads. */
const isUpdate = process.env.UPDATE_CONVERSATIONS === '1';
if (isUpdate && process.env.CI) throw new Error('UPDATE_CONVERSATIONS must not be set where tests judge a change.');

const FOLDER = import.meta.dirname;

describe('conversations over the real stream, as in the scripts beside this file', () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
  it.each(names)('%s', async (name) => {
    const path = join(FOLDER, name);
    const expected = readFileSync(path, 'utf8');
    const actual = await play(expected);
    if (isUpdate) writeFileSync(path, actual);
    else expect(actual).toBe(expected);
    // Some of them live through months.
  });
});

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
