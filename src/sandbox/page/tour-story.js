/**
 * The story that the tour tells, step by step. Each step names its labels (`tour_…`), what its button does, and the message of the bot
 * that it waits for, by that message's title in either language.
 * @typedef {object} Step
 * @property {string} key
 * @property {RegExp} awaits
 * @property {(account: object) => Record<string, number>} [amounts] what the labels and the button need, from the account's state
 * @property {(does: object, amounts: Record<string, number>, began: number) => Promise<void>} act `does`: see tour.js;
 *   `began`: the newest `seq` when the tour began
 */

const quotaAnswer = /^(余量：|quota:)/i;
const alertTitle = /余量(偏低|告急)|quota is (very )?low/i;
const receiptTitle = /自动续费成功|auto-renewal done/i;

const secondsToWatch = 6;
const margin = 200;
/** Long messages to everybody, and more than any plan that the story begins with can hold: the burst stops at the event. */
const sale = { count: 2_000_000, rate: 4_000, segments: 3 };

/** A rate at which so many take a few seconds. */
const watchable = (count) => Math.max(100, Math.ceil(count / secondsToWatch));

/** @type {Step[]} */
export const story = [
  {
    key: 'plan',
    awaits: quotaAnswer,
    amounts: ({ quota, autoRenewal }) => ({ count: Math.max(0, quota - autoRenewal.threshold - margin) }),
    async act(does, { count }) {
      if (count > 0) await does.send({ count, rate: watchable(count) });
      await does.ask('quota');
    },
  },
  {
    key: 'alert',
    awaits: alertTitle,
    amounts: ({ quota, autoRenewal: { threshold } }) => ({
      count: Math.max(0, quota - threshold) + 4 * margin,
      threshold,
    }),
    act: (does, { count }) => does.send({ count, rate: watchable(count) }),
  },
  { key: 'renewal', awaits: quotaAnswer, act: (does, _amounts, began) => does.press(alertTitle, /余量|quota/i, began) },
  {
    key: 'receipt',
    awaits: /^(余额：|balance:)/i,
    act: (does, _amounts, began) => does.press(receiptTitle, /余额|balance/i, began),
  },
  { key: 'exhausted', awaits: /套餐已用完|plans used up/i, act: (does) => does.send(sale) },
  { key: 'overdue', awaits: /^(已欠费|overdue: )/i, act: (does) => does.send(sale) },
  {
    key: 'restored',
    awaits: /已恢复|欠费已结清|restored|back to normal/i,
    amounts: ({ available }) => ({ amount: Math.ceil(Math.max(5_000, 3_000 - Number(available)) / 1_000) * 1_000 }),
    act: (does, { amount }) => does.recharge(amount),
  },
];

/** The number of the step with which the story begins on this account. */
export function firstStep({ standing }) {
  return standing === 'overdue' ? story.findIndex(({ key }) => key === 'restored') : 0;
}
