import type { NoticeLetter } from '../../store/notice-letters.ts';
import { NO_ACCOUNT } from '../../store/notices.ts';
import { formatTime, SUPPLIER_TIME_ZONE } from '../output.ts';

/** Notices are of all accounts and of none, so their times are shown in one zone. */
export const TIME_ZONE = SUPPLIER_TIME_ZONE;

export function timeOf(at: Temporal.Instant): string {
  return formatTime(at, TIME_ZONE);
}

export function letterToJson(letter: NoticeLetter): object {
  const { accountId, queuedAt, nextAttemptAt, finishedAt, content, ...rest } = letter;
  return {
    ...rest,
    accountId: accountId === NO_ACCOUNT ? null : accountId,
    title: content.title,
    queuedAt: queuedAt.toString(),
    nextAttemptAt: letter.state === 'waiting' ? nextAttemptAt.toString() : null,
    finishedAt: finishedAt?.toString() ?? null,
  };
}
