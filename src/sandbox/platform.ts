import type { AccessTokens } from './access-tokens.ts';
import type { Conversations } from './conversations.ts';
import type { Gateway } from './gateway.ts';
import type { Media } from './media.ts';
import type { MonthlyQuota } from './monthly-quota.ts';
import type { Directory } from './world.ts';

/** The parts of the emulated platform, as its edges use them. */
export interface Platform {
  readonly directory: Directory;
  readonly conversations: Conversations;
  readonly gateway: Gateway;
  readonly tokens: AccessTokens;
  readonly media: Media;
  readonly quota: MonthlyQuota;
  /** Epoch milliseconds by the sandbox's clock. */
  readonly now: () => number;
  /** `http://host:port`, without a slash at its end. */
  readonly url: () => string;
}
