import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser } from './support/browser.ts';
import { Program } from './support/program.ts';
import { takeTour } from './support/tour.ts';
import { visit } from './support/visit.ts';

/**
 * `npm run screenshots`: starts the program on an empty data folder, takes the page's own tour, and takes the pictures in
 * docs/screenshots/ on the way.
 */

const folder = join(import.meta.dirname, '../../docs/screenshots');
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 1.5 };
const desktop = { viewport: { width: 1440, height: 960 }, deviceScaleFactor: 1.25 };

await mkdir(folder, { recursive: true });
const program = await Program.start();
const browser = await launchBrowser();
try {
  await look(browser, { ...desktop, colorScheme: 'light' }, async (page) => {
    await page.locator('#tour-open').click();
    await takeTour(page, async (step) => {
      if (step === 3) await picture(page, 'tour.png');
    });
    await page.locator('#tour-act').click();
  });
  await look(browser, { ...desktop, colorScheme: 'light' }, async (page) => {
    await askForApproval(page);
    await picture(page, 'desktop-light.png');
  });
  await look(browser, { ...desktop, colorScheme: 'dark', locale: 'en-GB' }, (page) =>
    picture(page, 'desktop-dark.png'),
  );
  await look(browser, { ...phone, colorScheme: 'light' }, (page) => picture(page, 'phone.png'));
} finally {
  await browser.close();
  await program.stop();
}

async function look(on: Browser, options: BrowserContextOptions, act: (page: Page) => Promise<void>): Promise<void> {
  const { page, complaints, leave } = await visit(on, program.url, { ...options, reducedMotion: 'reduce' });
  await page.locator('#world-standing').getByText(/./).waitFor({ state: 'attached' });
  await act(page);
  if (complaints.length > 0) throw new Error(`The page complained: ${complaints.join('\n')}`);
  await leave();
}

/** A member asks for what only an administrator may do, and the administrator sees the card. */
async function askForApproval(page: Page): Promise<void> {
  const answer = page.locator('.message-robot', { hasText: '待审批' });
  await page.getByRole('radio', { name: /李娜/ }).check();
  await page.getByRole('textbox', { name: /^消息/ }).fill('自动续费 关');
  await page.getByRole('textbox', { name: /^消息/ }).press('Enter');
  await answer.first().waitFor();
  await page.locator('#world-body .approvals').waitFor();
  await page.getByRole('radio', { name: /张伟/ }).check();
  await answer.getByRole('button', { name: '批准' }).waitFor();
}

async function picture(page: Page, name: string): Promise<void> {
  const path = join(folder, name);
  await page.evaluate('document.fonts.ready');
  // The panel follows what happened in the chat by a moment.
  await page.waitForResponse('**/api/world');
  await page.screenshot({ path, animations: 'disabled' });
  console.log(`Wrote ${path}`);
}
