/** The time that the sandbox shows and stamps on messages; the page moves it. */
export interface SandboxClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Moves the clock by an ISO 8601 duration; resolves when everything that is due in between has been done. */
  advance(by: string): Promise<void>;
}

/** The service that is being tried, as far as the page controls it beside the chat. */
export interface SandboxBackend {
  accounts(): Promise<{ id: string; name: string }[]>;
  /** Where and with which key a gateway of this account posts its delivery receipts; templateCodes by template type. */
  intake(accountId: string): Promise<{ baseUrl: string; key: string; templateCodes: Record<string, string> }>;
  /** @param amount yuan, e.g. "500.00"; throws with a message on bad input */
  recharge(accountId: string, amount: string): Promise<void>;
  /** What a chat does not show of the service; absent: `/api/world` and the move to the next event answer 501. */
  world?(): Promise<WorldView>;
}

/** The service's state, as the page's panel shows it. Amounts are decimal strings in the account's currency; times are ISO 8601. */
export interface WorldView {
  readonly accounts: readonly AccountView[];
  /** Messages of the bot of its own accord: on their way, given up, delivered. */
  readonly notices: { readonly waiting: number; readonly dead: number; readonly delivered: number };
  /** When something is due next by the clock; null where nothing is. */
  readonly nextEventAt: string | null;
}

export interface AccountView {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly balance: string;
  readonly available: string;
  readonly standing: 'clear' | 'overdue';
  /** Whether the account may send, in the service's own word. */
  readonly sending: string;
  /** Every reason against it, in the service's own words. */
  readonly reasons: readonly string[];
  /** Segments left in all active plans. */
  readonly quota: number;
  readonly plans: readonly {
    readonly id: string;
    readonly title: string;
    readonly total: number;
    readonly remaining: number;
    readonly expiresAt: string;
  }[];
  readonly autoRenewal: { readonly enabled: boolean; readonly threshold: number; readonly offerTitle: string | null };
  readonly alerts: readonly { readonly kind: string; readonly level: number; readonly since: string }[];
  readonly approvals: readonly {
    readonly code: string;
    readonly summary: string;
    readonly requester: string | null;
    readonly expiresAt: string;
  }[];
}
