import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const USUAL_PATH = '/usr/bin/chromium';

/** There is no browser to test with. */
export class BrowserMissingError extends Error {
  readonly code = 'browser_missing';

  constructor(path: string) {
    super(
      `There is no Chromium at ${path}. Install it (Debian: apt-get install -y chromium fonts-noto-cjk), or set CHROMIUM_PATH to ` +
        'the program file of a Chromium or Chrome.',
    );
    this.name = 'BrowserMissingError';
  }
}

/** Starts headless Chromium: the program that CHROMIUM_PATH names, or /usr/bin/chromium. Throws a `BrowserMissingError`. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? USUAL_PATH;
  if (!existsSync(executablePath)) throw new BrowserMissingError(executablePath);
  // Chromium's own sandbox does not work for root. The rest keeps it from calling its maker's servers.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({
    executablePath,
    args: [
      ...asRoot,
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
