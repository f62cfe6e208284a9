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
}
