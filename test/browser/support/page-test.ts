import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Sandbox, SandboxOptions } from '../../../src/sandbox/sandbox.ts';
import { startTestSandbox } from '../../support/sandbox-world.ts';
import { launchBrowser } from './browser.ts';
import { ReceivingService } from './receiving-service.ts';
import { type Script, ScriptedBot } from './scripted-bot.ts';
import { type Visit, visit } from './visit.ts';

export interface Scene {
  readonly sandbox: Sandbox;
  readonly service: ReceivingService;
}

/** What a file of page tests needs: one browser, and per test a sandbox of its own with whoever takes part. All are gone afterwards. */
export interface PageTest {
  /** A sandbox with a service behind it, and without a bot. */
  scene(options?: Partial<SandboxOptions>, accounts?: { id: string; name: string }[]): Promise<Scene>;
  bot(sandbox: Sandbox, script?: Script): Promise<ScriptedBot>;
  open(sandbox: { readonly url: string }, options?: BrowserContextOptions): Promise<Visit>;
}

/** Call it at the top of a test file. */
export function usePage(): PageTest {
  let browser: Browser | undefined;
  const endings: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });
  afterAll(async () => {
    await browser?.close();
  });

  return {
    async scene(options, accounts) {
      const service = await ReceivingService.start(accounts);
      endings.push(() => service.stop());
      const sandbox = await startTestSandbox({ backend: service, ...options });
      endings.push(() => sandbox.stop());
      return { sandbox, service };
    },
    async bot(sandbox, script) {
      const bot = await ScriptedBot.start(sandbox, script);
      endings.push(() => bot.stop());
      return bot;
    },
    async open(sandbox, options) {
      if (browser === undefined) throw new Error('The browser starts before the first test; call open() inside one.');
      const opened = await visit(browser, sandbox.url, options);
      endings.push(() => opened.leave());
      return opened;
    },
  };
}
