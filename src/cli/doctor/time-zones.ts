import { codeOf } from '../../store/connection.ts';
import type { Executor } from '../../store/schema.ts';
import { readZoneOffsets, type ZoneOffset } from '../../store/zone-offsets.ts';

const NO_TABLE = '42P01';
const NO_TIME_ZONE = '22023';

/** Whether the database and this program know the same of the accounts' time zones; what is not there yet is not asked. */
export async function timeZoneWarnings(db: Executor): Promise<string[]> {
  try {
    return zonesThatDiffer(await readZoneOffsets(db));
  } catch (error) {
    if (codeOf(error) === NO_TABLE) return [];
    if (codeOf(error) !== NO_TIME_ZONE || !(error instanceof Error)) throw error;
    return [`It does not know the time zone of an account (${error.message}). ${ADVICE}`];
  }
}

const ADVICE =
  'Update whichever has the older time zones; until then the reconciliation may name figures that are right (docs/operations.md).';

/** A sentence for each time zone that this program reads otherwise, with the first day of it. */
export function zonesThatDiffer(offsets: readonly ZoneOffset[]): string[] {
  const warned = new Map<string, string>();
  for (const { zone, at, seconds } of offsets) {
    const ours = at.toZonedDateTimeISO(zone);
    if (warned.has(zone) || ours.offsetNanoseconds === seconds * 1e9) continue;
    const theirs = `${seconds < 0 ? '-' : '+'}${clock(Math.abs(seconds))}`;
    const day = ours.toPlainDate().toString();
    warned.set(zone, `Of ${zone} it says ${theirs} on ${day}, and this program ${ours.offset}. ${ADVICE}`);
  }
  return [...warned.values()];
}

function clock(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  return [hours, minutes].map((part) => String(part).padStart(2, '0')).join(':');
}
