import type { Clock } from '../clock.ts';
import type { Announcement } from '../domain/announcement.ts';
import type { Administrator, Language } from '../store/groups.ts';
import type { NoticeContent } from '../store/notices.ts';

/** For whom an announcement is put into words. */
export interface Audience {
  readonly language: Language;
  readonly accountName: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly administrators: readonly Administrator[];
  /** Of when the figures are. */
  readonly at: Temporal.Instant;
}

/** Puts an announcement into words and buttons. */
export type Compose = (announcement: Announcement, audience: Audience) => NoticeContent;

/** What every use case needs beside its transaction. */
export interface ServiceContext {
  readonly clock: Clock;
  readonly compose: Compose;
}
