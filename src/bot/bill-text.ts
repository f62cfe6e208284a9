import type { BillDraft, BillLine } from '../domain/bill.ts';
import type { Micro } from '../domain/money.ts';
import type { Month } from '../domain/month.ts';
import { TEMPLATE_TYPES } from '../domain/usage.ts';
import type { NoticeButton } from '../store/notices.ts';
import { choiceButton } from './content.ts';
import { bullets, type Markdown, ownMarkdown } from './markdown.ts';
import { commandText } from './vocabulary.ts';
import type { Writer } from './writer.ts';

/** Countries that are shown by name; the others as one line. */
const MAX_COUNTRIES = 3;

/** What a month has cost: all that was spent, refunds aside. */
export function spentOf({ figures }: BillDraft): Micro {
  const { purchases, renewals, payg, corrections, rounding } = figures;
  return -(purchases + renewals + payg + corrections + rounding);
}

/**
 * A bill in two short lists: from the opening to the closing balance, which is the present one while the month runs, and what was sent.
 * Nothing is left out that moved money.
 */
export function billSummary(writer: Writer, bill: BillDraft, isRunning = false): Markdown[] {
  const balance = { amount: writer.money(bill.figures.closing) };
  const last = isRunning ? writer.text('bill.balance_now', balance) : writer.text('bill.closing', balance);
  if (bill.lines.length === 0) return [writer.text('bill.nothing'), bullets([last])];
  return [bullets([...movements(writer, bill), last]), usageList(writer, bill.lines)];
}

/** A button that shows the bill of a month. `index` tells it from the card's others. */
export function billButton(
  writer: Writer,
  month: Month,
  index: number,
  label = writer.text('button.bill.month', { month: writer.month(month) }),
): NoticeButton {
  return choiceButton(label, index, commandText(writer.language, 'bill', month));
}

function movements(writer: Writer, { figures }: BillDraft): (Markdown | undefined)[] {
  const moved = (amount: Micro, say: (amount: Markdown) => Markdown) =>
    amount === 0n ? undefined : say(signed(writer, amount));
  return [
    writer.text('bill.opening', { amount: writer.money(figures.opening) }),
    moved(figures.recharges, (amount) => writer.text('bill.recharges', { amount })),
    moved(figures.withdrawals, (amount) => writer.text('bill.withdrawals', { amount })),
    moved(figures.purchases, (amount) => writer.text('bill.purchases', { amount })),
    moved(figures.renewals, (amount) => writer.text('bill.renewals', { amount })),
    moved(figures.refunds, (amount) => writer.text('bill.refunds', { amount })),
    moved(figures.payg + figures.corrections, (amount) => writer.text('bill.payg', { amount })),
    moved(figures.rounding, (amount) => writer.text('bill.rounding', { amount })),
  ];
}

/** With its sign: what it does to the balance. */
function signed(writer: Writer, amount: Micro): Markdown {
  return amount > 0n ? ownMarkdown(`+${writer.money(amount)}`) : writer.money(amount);
}

interface Usage {
  plan: bigint;
  payg: bigint;
  cost: Micro;
}

function usageList(writer: Writer, lines: readonly BillLine[]): Markdown {
  const ofUsage = lines.filter(({ kind }) => kind === 'usage' || kind === 'payg' || kind === 'correction');
  const late = sum(ofUsage.filter((line) => line.late));
  const segmentsOf = (kind: BillLine['kind']) =>
    lines.reduce((total, line) => total + (line.kind === kind ? (line.segments ?? 0n) : 0n), 0n);
  const granted = segmentsOf('grant');
  const forfeited = segmentsOf('forfeit');
  return bullets([
    ofUsage.length === 0 ? writer.text('bill.usage.none') : undefined,
    ...TEMPLATE_TYPES.map((type) => {
      const mainland = ofUsage.filter(({ country, templateType }) => country === null && templateType === type);
      return usageLine(writer, writer.text(`template_type.${type}`), sum(mainland));
    }),
    ...countryLines(writer, ofUsage),
    late.plan + late.payg === 0n
      ? undefined
      : writer.text('bill.late', { segments: writer.segments(late.plan + late.payg), cost: writer.money(late.cost) }),
    granted === 0n ? undefined : writer.text('bill.granted', { segments: writer.segments(granted) }),
    forfeited === 0n ? undefined : writer.text('bill.forfeited', { segments: writer.segments(forfeited) }),
  ]);
}

function countryLines(writer: Writer, lines: readonly BillLine[]): (Markdown | undefined)[] {
  const countries = [...new Set(lines.map(({ country }) => country))]
    .filter((country) => country !== null)
    .map((country) => ({ country, usage: sum(lines.filter((line) => line.country === country)) }))
    .toSorted((a, b) => Number(b.usage.cost - a.usage.cost) || (a.country < b.country ? -1 : 1));
  const others = countries.slice(MAX_COUNTRIES);
  const rest = others.reduce((total, { usage }) => ({ payg: total.payg + usage.payg, cost: total.cost + usage.cost }), {
    payg: 0n,
    cost: 0n,
  });
  return [
    ...countries.slice(0, MAX_COUNTRIES).map(({ country, usage }) => usageLine(writer, writer.country(country), usage)),
    others.length === 0
      ? undefined
      : writer.text('bill.other_countries', {
          count: others.length,
          segments: writer.segments(rest.payg),
          cost: writer.money(rest.cost),
        }),
  ];
}

function usageLine(writer: Writer, what: Markdown, { plan, payg, cost }: Usage): Markdown | undefined {
  if (plan + payg === 0n && cost === 0n) return undefined;
  const segments = writer.segments(plan + payg);
  if (payg === 0n && cost === 0n) return writer.text('bill.usage.plan', { what, segments });
  if (plan === 0n) return writer.text('bill.usage.payg', { what, segments, cost: writer.money(cost) });
  return writer.text('bill.usage.both', {
    what,
    segments,
    plan: writer.number(plan),
    payg: writer.number(payg),
    cost: writer.money(cost),
  });
}

function sum(lines: readonly BillLine[]): Usage {
  const total: Usage = { plan: 0n, payg: 0n, cost: 0n };
  for (const { kind, segments, amount } of lines) {
    if (kind === 'usage') total.plan += segments ?? 0n;
    else total.payg += segments ?? 0n;
    total.cost -= amount;
  }
  return total;
}
