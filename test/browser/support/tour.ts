import type { Page } from 'playwright-core';

const STEPS = 7;
/** A step's burst of tens of thousands of messages, and the bot's answer to it. */
const STEP_WITHIN_MS = 180_000;

export interface Seen {
  /** The step's title. */
  readonly step: string;
  /** The title of the bot's message that ended it. */
  readonly message: string;
}

/**
 * Takes the open tour from the step it is at to its end by its own button, each time waiting for the step to be ended by the bot's
 * message. `onStep` is called when a step (numbered from 1) is about to be done.
 */
export async function takeTour(page: Page, onStep: (step: number) => Promise<void> = async () => {}): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (;;) {
    const done = await page.locator('#tour-dots .done').count();
    if (done === STEPS) return seen;
    await onStep(done + 1);
    const step = (await page.locator('#tour-step-title').textContent()) ?? '';
    await page.locator('#tour-act').click();
    await page.locator(`#tour-dots i:nth-child(${done + 1}).done`).waitFor({ timeout: STEP_WITHIN_MS });
    await page.locator('#tour-act[aria-busy="false"]').waitFor();
    seen.push({ step, message: (await page.locator('#tour-seen-link').textContent()) ?? '' });
  }
}
