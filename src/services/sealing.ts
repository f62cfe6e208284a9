import { hashOf, IdFilter, type IdHash } from '../domain/id-filter.ts';
import { nextUtcMonth, sealableBefore } from '../domain/sealing.ts';
import type { Executor } from '../store/schema.ts';
import {
  markSealed,
  oldestUsageMonth,
  type RecordedId,
  readIdsAfter,
  readSealedUntil,
  type StoredFilter,
  writeIdFilters,
} from '../store/sealed-months.ts';

/** Ids that are read at once, so that a month of any size takes little memory. */
const PAGE = 20_000;
/** Ids of one filter at most, while it is made: an account that sends more has several for a month. */
const IDS_PER_FILTER = 1_000_000;
/** Filters that are written at once, and their bytes. */
const FILTERS_PER_WRITE = 1_000;
const BYTES_PER_WRITE = 4_000_000;

/**
 * Seals the months of usage that can be: makes the filters of their ids, the oldest month first. A run that did not end is taken up with the
 * month where it was. Of use whenever it runs, and by several at once.
 * @returns how many months were sealed
 */
export async function sealMonths(db: Executor, now: Temporal.Instant): Promise<number> {
  const until = sealableBefore(now);
  let month = (await readSealedUntil(db)) ?? (await oldestUsageMonth(db));
  let sealed = 0;
  while (month && Temporal.Instant.compare(month, until) < 0) {
    const next = nextUtcMonth(month);
    await writeFilters(db, month, next);
    await markSealed(db, month, now);
    month = next;
    sealed += 1;
  }
  return sealed;
}

async function writeFilters(db: Executor, month: Temporal.Instant, next: Temporal.Instant): Promise<void> {
  let filters: StoredFilter[] = [];
  let bytes = 0;
  let of: { readonly accountId: string; part: number; hashes: IdHash[] } | undefined;
  const finish = () => {
    if (!of || of.hashes.length === 0) return;
    const filter = IdFilter.of(of.hashes);
    filters.push({ accountId: of.accountId, part: of.part, filter });
    bytes += filter.bits.length;
  };
  let last: RecordedId | null = null;
  do {
    const page: readonly RecordedId[] = await readIdsAfter(db, [month, next], last, PAGE);
    for (const { account_id: accountId, record_id: id } of page) {
      if (of?.accountId !== accountId) {
        finish();
        of = { accountId, part: 0, hashes: [] };
      } else if (of.hashes.length === IDS_PER_FILTER) {
        finish();
        of = { accountId, part: of.part + 1, hashes: [] };
      }
      of.hashes.push(hashOf(id));
    }
    last = page.length === PAGE ? (page.at(-1) ?? null) : null;
    if (!last) finish();
    if (!last || filters.length >= FILTERS_PER_WRITE || bytes >= BYTES_PER_WRITE) {
      await writeIdFilters(db, month, filters);
      filters = [];
      bytes = 0;
    }
  } while (last);
}
