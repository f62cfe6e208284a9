import { globSync, readFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TEXTS = globSync(['*.md', 'docs/**/*.md', 'src/**/*.md', 'bench/**/*.md'], { cwd: ROOT });

test.each(TEXTS)('given %s, then whatever it links to in this repository is there', async (file) => {
  const targets = [...readFileSync(join(ROOT, file), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.split('#')[0] ?? '')
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
  const missing: string[] = [];
  for (const target of targets) {
    await access(join(ROOT, dirname(file), target)).catch(() => missing.push(target));
  }
  expect(missing).toEqual([]);
});
