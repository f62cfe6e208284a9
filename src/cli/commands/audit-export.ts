import { open } from 'node:fs/promises';
import { z } from 'zod';
import type { AuditEntry } from '../../domain/audit.ts';
import { bilingual } from '../../domain/sentence.ts';
import { type AuditPosition, readAudit } from '../../store/audit.ts';
import { codeOf } from '../../store/connection.ts';
import { NO_ACCOUNT } from '../../store/notices.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';
import { CSV_MARK, csvRow } from '../csv.ts';
import { dateArgument } from '../date-argument.ts';
import { CliError } from '../errors.ts';
import { SUPPLIER_TIME_ZONE } from '../output.ts';
import type { Session } from '../session.ts';

/** Entries that are held in memory at a time. */
const PAGE = 1_000;
const FORMATS = ['csv', 'jsonl'] as const;

const COLUMNS = [
  'time',
  'account',
  'actor',
  'actor_id',
  'actor_name',
  'deed',
  'details',
  'outcome',
  'via',
  'corp',
  'conversation',
  'message',
  'approval',
  'requested_by',
  'requester_name',
  'decided_by',
  'decider_name',
  'id',
] as const;

interface Selection {
  readonly accountId: string | null;
  readonly from: Temporal.Instant | null;
  readonly to: Temporal.Instant | null;
}

export const auditExport = defineCommand({
  name: 'audit export',
  about: 'Write out who asked, approved and did what, when and from which message',
  options: {
    account: { value: 'ACCOUNT', about: 'its id or name; default: all accounts, and what concerns none' },
    from: {
      value: 'DATE',
      about: "the first day, in the account's time zone, or else China's; default: from the beginning",
    },
    to: { value: 'DATE', about: 'the last day; default: until now' },
    format: { value: 'FORMAT', about: 'csv (default), or jsonl: a line of JSON for each entry' },
    out: { value: 'FILE', about: 'where to write it; it is replaced. Default: the terminal' },
  },
  input: z.object({
    account: z.string().optional(),
    from: dateArgument.optional(),
    to: dateArgument.optional(),
    format: z.enum(FORMATS, bilingual('must be csv or jsonl', '须为 csv 或 jsonl')).default('csv'),
    out: z.string().min(1).optional(),
  }),
  run: async (session, { account, from, to, format, out }) => {
    const found = account === undefined ? null : await findAccount(session, account);
    const zone = found?.timeZone ?? SUPPLIER_TIME_ZONE;
    const selection: Selection = {
      accountId: found?.id ?? null,
      from: from?.toZonedDateTime(zone).toInstant() ?? null,
      to: to?.add({ days: 1 }).toZonedDateTime(zone).toInstant() ?? null,
    };
    if (out !== undefined) {
      const entries = await writeFile(out, linesOf(session, selection, format), format);
      return { json: { file: out, format, entries }, lines: [`${entries} entries were written to ${out}.`] };
    }
    const lines = await Array.fromAsync(linesOf(session, selection, format));
    return { json: lines.slice(format === 'csv' ? 1 : 0), lines };
  },
});

/** The file's lines, the header of a CSV first. */
async function* linesOf({ db }: Session, selection: Selection, format: (typeof FORMATS)[number]) {
  if (format === 'csv') yield csvRow(COLUMNS);
  let after: AuditPosition | undefined;
  while (true) {
    const page = await readAudit(db.kysely, { ...selection, ...(after ? { after } : {}), limit: PAGE });
    for (const { accountId, entry, position } of page) {
      const fields = fieldsOf(accountId, entry);
      yield format === 'csv' ? csvRow(COLUMNS.map((column) => cellOf(fields[column]))) : JSON.stringify(fields);
      after = position;
    }
    if (page.length < PAGE) return;
  }
}

function cellOf(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function fieldsOf(accountId: string, entry: AuditEntry): Record<(typeof COLUMNS)[number], unknown> {
  const { deed, by, message, approval } = entry;
  const { type, ...details } = deed;
  const person = by.kind === 'person' ? by : null;
  return {
    time: entry.at.toString(),
    account: accountId === NO_ACCOUNT ? null : accountId,
    actor: by.kind,
    actor_id: person?.staffId ?? null,
    actor_name: person?.name ?? null,
    deed: type,
    details,
    outcome: entry.outcome,
    via: entry.via,
    corp: message?.corpId ?? null,
    conversation: message?.conversationId ?? null,
    message: message?.messageId ?? null,
    approval: approval?.code ?? null,
    requested_by: approval?.requestedBy ?? null,
    requester_name: approval?.requesterName ?? null,
    decided_by: approval?.decidedBy ?? null,
    decider_name: approval?.deciderName ?? null,
    id: entry.id,
  };
}

async function writeFile(path: string, lines: AsyncIterable<string>, format: string): Promise<number> {
  const file = await open(path, 'w').catch((error: unknown) => {
    const reason = codeOf(error) ?? String(error);
    throw new CliError(
      'file_unwritable',
      `"${path}" cannot be written (${reason}); name a place where you may write.`,
      {
        path,
        reason,
      },
    );
  });
  const end = format === 'csv' ? '\r\n' : '\n';
  let written = format === 'csv' ? -1 : 0;
  try {
    if (format === 'csv') await file.write(CSV_MARK);
    for await (const line of lines) {
      await file.write(line + end);
      written += 1;
    }
  } finally {
    await file.close();
  }
  return written;
}
