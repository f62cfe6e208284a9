import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const USUAL_PATH = '/usr/bin/chromium';
/** Brings a Chromium along where it is installed; it is no dependency, for it is large. */
const PACKAGE = '@sparticuz/chromium';

interface PackagedBrowser {
  readonly default: { executablePath(): Promise<string> };
}

/** There is no browser to test with. */
export class BrowserMissingError extends Error {
  readonly code = 'browser_missing';

  constructor(path: string) {
    super(
      `There is no Chromium at ${path}. Install it (Debian: apt-get install -y chromium fonts-noto-cjk), set CHROMIUM_PATH to the ` +
        `program file of a Chromium or Chrome, or bring one with npm: npm install --no-save ${PACKAGE}`,
    );
    this.name = 'BrowserMissingError';
  }
}

/**
 * Starts headless Chromium: the program that CHROMIUM_PATH names, or /usr/bin/chromium, or the one of an npm package. Throws a
 * `BrowserMissingError`.
 */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = await findBrowser();
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

async function findBrowser(): Promise<string> {
  const named = process.env.CHROMIUM_PATH;
  const path = named ?? USUAL_PATH;
  if (existsSync(path)) return path;
  if (named === undefined && isInstalled(PACKAGE)) {
    const { default: packaged } = (await import(PACKAGE)) as PackagedBrowser;
    return packaged.executablePath();
  }
  throw new BrowserMissingError(path);
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
