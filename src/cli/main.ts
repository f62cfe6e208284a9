import { languageOfTerminal } from './language.ts';
import { runCli } from './run.ts';

// Whoever reads may have read enough, like `… | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runCli(process.argv.slice(2), {
  language: languageOfTerminal(process.env),
  out: (line) => process.stdout.write(`${line}\n`),
  error: (line) => process.stderr.write(`${line}\n`),
});
