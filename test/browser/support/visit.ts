import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** A person at the page: the page, and everything the browser complained about. */
export interface Visit {
  readonly page: Page;
  /** Errors and warnings of the console, uncaught errors, dialogs, and requests to any other place than the sandbox. */
  readonly complaints: string[];
  leave(): Promise<void>;
}

/** Opens the page in a fresh profile, in Chinese unless `options` say otherwise, and waits until it is live. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.stack ?? String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`request to ${request.url()}`);
  });
  await page.goto(url);
  await page.locator('#page-state[data-state="good"]').waitFor({ state: 'attached' });
  await page.locator('.conversation-item').first().waitFor({ state: 'attached' });
  return { page, complaints, leave: () => context.close() };
}
