import { CASH, netOf, planOfBook, SEGMENT, type Transfer, type TransferKind } from './ledger.ts';
import { type Micro, roundToFen } from './money.ts';
import type { Month } from './month.ts';
import type { Destination, TemplateType } from './usage.ts';
import type { Charge, MonthlyVolume } from './volume-line.ts';

/** How many hours after the end of a month its bill waits for late records, unless the settings say otherwise. (rule 10) */
export const BILL_WAIT_HOURS = 24;

/** What a bill sums up beside its opening and closing balance. */
export const BILL_FIGURES = [
  'recharges',
  'withdrawals',
  'purchases',
  'renewals',
  'refunds',
  'payg',
  'corrections',
  'rounding',
] as const;
export type BillFigure = (typeof BILL_FIGURES)[number];

/** Each figure is what it did to the balance: what was spent is negative. Opening and all figures together are closing. (rule 10) */
export interface BillFigures extends Readonly<Record<BillFigure, Micro>> {
  readonly opening: Micro;
  readonly closing: Micro;
}

/** A line of a bill: charges of one kind at one price, what became of one plan, or one recharge or withdrawal. What it does not have is null. */
export interface BillLine {
  readonly kind: TransferKind;
  readonly destination: Destination | null;
  readonly country: string | null;
  readonly templateType: TemplateType | null;
  readonly tariffVersion: number | null;
  /** Counted from 0. */
  readonly tier: number | null;
  /** Of usage whose own month was closed already. (rule 6) */
  readonly late: boolean;
  readonly planId: string | null;
  /** The plan's. */
  readonly title: string | null;
  readonly segments: bigint | null;
  readonly unitPrice: Micro | null;
  /** What it did to the balance. */
  readonly amount: Micro;
  /** When it was booked, of what is a single transfer. */
  readonly at: Temporal.Instant | null;
  /** That transfer's key. */
  readonly key: string | null;
}

/** What a month has come to. */
export interface BillDraft {
  readonly figures: BillFigures;
  readonly lines: readonly BillLine[];
}

/** A month that is closed. (rule 10) */
export interface Bill extends BillDraft {
  readonly month: Month;
  readonly closedAt: Temporal.Instant;
}

/** Charges of a month that differ in nothing but segments and amount. */
export interface ChargeSum extends Pick<Charge, 'kind' | 'destination' | 'country' | 'templateType' | 'late'> {
  /** Null where the sum is of several tiers, or of what plans covered. */
  readonly tariffVersion: number | null;
  readonly tier: number | null;
  readonly unitPrice: Micro | null;
  readonly planId: string | null;
  readonly segments: bigint;
  /** What it cost. */
  readonly amount: Micro;
}

export interface BillInput {
  /** What the bill before closed with. */
  readonly opening: Micro;
  readonly charges: readonly ChargeSum[];
  /** All transfers of the month but those of charges. */
  readonly transfers: readonly Transfer[];
  /** The titles of the plans that any of both name, by id. */
  readonly titles: ReadonlyMap<string, string>;
}

/** Into which figure each kind of line goes; null for what moves no money. Lines stand in this order. */
const FIGURE_OF: Readonly<Record<TransferKind, BillFigure | null>> = {
  recharge: 'recharges',
  withdrawal: 'withdrawals',
  purchase: 'purchases',
  renewal: 'renewals',
  grant: null,
  refund: 'refunds',
  usage: null,
  payg: 'payg',
  correction: 'corrections',
  forfeit: null,
  rounding: 'rounding',
};
const KINDS = Object.keys(FIGURE_OF);

/** Sums up a month as it is, without rounding. (rule 10) */
export function drawBill({ opening, charges, transfers, titles }: BillInput): BillDraft {
  const titleOf = (planId: string | null) => (planId === null ? null : (titles.get(planId) ?? null));
  const lines = [
    ...charges.map((charge) => ({ ...chargeLine(charge), title: titleOf(charge.planId) })),
    ...transferLines(transfers).map((line) => ({ ...line, title: titleOf(line.planId) })),
  ];
  return sumUp(opening, lines.toSorted(inOrder));
}

/** A bill that is closed: pay-as-you-go with its corrections rounded to the fen, half to even, in a line of its own. (rules 7 and 10) */
export function roundBill(draft: BillDraft, transfer: Transfer | null): BillDraft {
  if (!transfer) return draft;
  return sumUp(draft.figures.opening, [...draft.lines, ...transferLines([transfer])]);
}

/** What rounding does to the balance: what pay-as-you-go cost exactly, less what it costs on the bill. */
export function roundingOf({ figures }: BillDraft): Micro {
  const cost = -(figures.payg + figures.corrections);
  return cost - roundToFen(cost);
}

/** A month's charges as far as its volumes tell them: without tiers, plans and lateness, and with corrections in the amount. */
export function sumsOfVolumes(volumes: readonly MonthlyVolume[]): ChargeSum[] {
  const sums = new Map<string, ChargeSum>();
  const add = (sum: ChargeSum) => {
    const { kind, destination, country, templateType, tariffVersion } = sum;
    const name = [kind, destination, country, templateType, tariffVersion].join('|');
    const before = sums.get(name);
    const segments = sum.segments + (before?.segments ?? 0n);
    sums.set(name, { ...sum, segments, amount: sum.amount + (before?.amount ?? 0n) });
  };
  for (const { planSegments, paygSegments, charged, ...volume } of volumes) {
    const { destination, country, templateType, tariffVersion } = volume;
    const common = { destination, country, templateType, late: false, tier: null, unitPrice: null, planId: null };
    if (planSegments > 0n) add({ ...common, kind: 'plan', tariffVersion: null, segments: planSegments, amount: 0n });
    if (paygSegments > 0n || charged !== 0n) {
      add({ ...common, kind: 'payg', tariffVersion, segments: paygSegments, amount: charged });
    }
  }
  return [...sums.values()];
}

function sumUp(opening: Micro, lines: readonly BillLine[]): BillDraft {
  const sums: Record<BillFigure, Micro> = {
    recharges: 0n,
    withdrawals: 0n,
    purchases: 0n,
    renewals: 0n,
    refunds: 0n,
    payg: 0n,
    corrections: 0n,
    rounding: 0n,
  };
  let closing = opening;
  for (const { kind, amount } of lines) {
    const figure = FIGURE_OF[kind];
    if (figure) sums[figure] += amount;
    else if (amount !== 0n) throw new RangeError(`a ${kind} moves no money, and one of ${amount} was booked`);
    closing += amount;
  }
  return { figures: { opening, ...sums, closing }, lines };
}

const NOTHING = {
  destination: null,
  country: null,
  templateType: null,
  tariffVersion: null,
  tier: null,
  late: false,
  planId: null,
  title: null,
  segments: null,
  unitPrice: null,
  at: null,
  key: null,
} as const;

function chargeLine({ kind, country, segments, amount, ...charge }: ChargeSum): BillLine {
  return {
    ...NOTHING,
    ...charge,
    kind: kind === 'plan' ? 'usage' : kind,
    country: country || null,
    segments: kind === 'correction' ? null : segments,
    amount: -amount,
  };
}

/** The transfers of a plan's purchase, grant, refund or forfeit are one line; any other is a line of its own. */
function transferLines(transfers: readonly Transfer[]): BillLine[] {
  const groups = new Map<string, [Transfer, ...Transfer[]]>();
  for (const transfer of transfers) {
    const { planId } = transfer.details;
    const id = planId === undefined ? transfer.key : `${transfer.kind} ${planId}`;
    const group = groups.get(id);
    if (group) group.push(transfer);
    else groups.set(id, [transfer]);
  }
  return [...groups.values()].map((group) => {
    const [{ kind, at, key, details }] = group;
    const ofPlan = group.find(({ unit }) => unit === SEGMENT);
    const planId = details.planId ?? (ofPlan && (planOfBook(ofPlan.from) ?? planOfBook(ofPlan.to))) ?? null;
    return {
      ...NOTHING,
      kind,
      planId,
      segments: ofPlan?.amount ?? null,
      amount: netOf(CASH, group),
      at,
      key: planId === null ? key : null,
    };
  });
}

/** By kind, then in the order of a price list; what has a time by that. */
function inOrder(a: BillLine, b: BillLine): number {
  return (
    KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) ||
    compare(b.destination, a.destination) ||
    compare(a.country, b.country) ||
    compare(a.templateType, b.templateType) ||
    (a.tariffVersion ?? 0) - (b.tariffVersion ?? 0) ||
    (a.tier ?? 0) - (b.tier ?? 0) ||
    Number(a.late) - Number(b.late) ||
    (a.at && b.at ? Temporal.Instant.compare(a.at, b.at) : 0) ||
    compare(a.planId, b.planId) ||
    compare(a.key, b.key)
  );
}

function compare(a: string | null, b: string | null): number {
  if (a === b) return 0;
  return (a ?? '') < (b ?? '') ? -1 : 1;
}
