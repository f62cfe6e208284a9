import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { scratchFolder } from './support/scratch-folder.ts';

const checkout = fileURLToPath(new URL('..', import.meta.url));

/** A file, and what it imports. Biome sees the text of an import only, so the imported files need not exist. */
const forbidden: [string, string][] = [
  ['src/domain/a.ts', '../store/x.ts'],
  ['src/domain/b.ts', 'node:fs'],
  ['src/domain/c.ts', 'zod'],
  ['src/domain/d.ts', '../clock.ts'],
  ['src/store/a.ts', '../services/x.ts'],
  ['src/store/b.ts', '../main.ts'],
  ['src/store/deep/a.ts', '../../bot/x.ts'],
  ['src/services/a.ts', '../bot/x.ts'],
  ['src/services/b.ts', '../dingtalk/x.ts'],
  ['src/charts/a.ts', '../domain/x.ts'],
  ['src/charts/b.ts', '../bot/x.ts'],
  ['src/notify/a.ts', '../domain/x.ts'],
  ['src/notify/b.ts', '../services/x.ts'],
  ['src/dingtalk/a.ts', '../domain/x.ts'],
  ['src/dingtalk/b.ts', '../notify/x.ts'],
  ['src/sandbox/a.ts', '../log.ts'],
  ['src/sandbox/deep/a.ts', '../../bot/x.ts'],
  ['src/bot/a.ts', '../http/x.ts'],
  ['src/jobs/a.ts', '../bot/x.ts'],
  ['src/http/a.ts', '../sandbox/x.ts'],
  ['src/cli/a.ts', '../http/x.ts'],
  ['src/config.ts', './sandbox/x.ts'],
  ['src/service.ts', './sandbox-mode.ts'],
];

const allowed: [string, string][] = [
  ['src/domain/ok.ts', './money.ts'],
  ['src/store/ok.ts', '../domain/x.ts'],
  ['src/services/ok.ts', '../store/x.ts'],
  ['src/services/ok2.ts', '../notify/x.ts'],
  ['src/charts/ok.ts', './svg.ts'],
  ['src/notify/ok.ts', '../store/x.ts'],
  ['src/notify/ok2.ts', '../charts/x.ts'],
  ['src/dingtalk/ok.ts', '../log.ts'],
  ['src/sandbox/deep/ok.ts', '../world.ts'],
  ['src/bot/ok.ts', '../services/x.ts'],
  ['src/bot/ok2.ts', './http/x.ts'],
  ['src/http/ok.ts', 'node:http'],
  ['src/main.ts', './sandbox-mode.ts'],
  ['src/sandbox-mode.ts', './sandbox/x.ts'],
  ['src/sandbox-world.ts', './sandbox/x.ts'],
];

test('given the layers of DESIGN, when a file imports against their direction, then the lint fails on that import', async () => {
  const folder = await scratchFolder();
  for (const file of ['biome.json', 'import-rules.json']) await copyFile(join(checkout, file), join(folder, file));
  const sources = [...forbidden, ...allowed].map(([file, target]): [string, string] => [
    file,
    `import { a } from '${target}';\nexport const b = a;\n`,
  ]);
  const cycle: [string, string][] = [
    ['src/cycle/one.ts', `import { two } from './two.ts';\nexport const one = (): unknown => two;\n`],
    ['src/cycle/two.ts', `import { one } from './one.ts';\nexport const two = (): unknown => one;\n`],
  ];
  for (const [file, source] of [...sources, ...cycle]) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), source);
  }

  const found = lint(folder);
  const byImport = found.filter(({ rule }) => rule === 'lint/style/noRestrictedImports').map(({ file }) => file);
  expect(byImport).toEqual(forbidden.map(([file]) => file).sort());
  const inCycle = found.filter(({ rule }) => rule === 'lint/suspicious/noImportCycles').map(({ file }) => file);
  expect(inCycle).toEqual(['src/cycle/one.ts', 'src/cycle/two.ts']);
});

function lint(folder: string): { rule: string; file: string }[] {
  const biome = join(checkout, 'node_modules', '.bin', 'biome');
  const args = ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=github', 'src'];
  const { stdout } = spawnSync(biome, args, { cwd: folder, encoding: 'utf8' });
  return [...stdout.matchAll(/title=([^,]+),file=([^,]+),/g)]
    .map(([, rule = '', file = '']) => ({ rule, file: file.replace(`${folder}/`, '') }))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
}
