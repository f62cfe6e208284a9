import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AccountView, SandboxBackend, WorldView } from '../../../src/sandbox/backend.ts';

export interface Push {
  readonly path: string;
  readonly receipts: readonly Record<string, unknown>[];
}

/** An account that is well, as the service shows it. */
export function accountView(overrides: Partial<AccountView> = {}): AccountView {
  return {
    id: 'acme',
    name: '示例公司',
    currency: 'CNY',
    balance: '5000.00',
    available: '5000.00',
    standing: 'clear',
    sending: 'allowed',
    reasons: [],
    quota: 14_200,
    plans: [
      {
        id: 'plan-1',
        title: '国内短信 50,000 条',
        total: 50_000,
        remaining: 14_200,
        expiresAt: '2026-11-03T00:00:00Z',
      },
    ],
    autoRenewal: { enabled: true, threshold: 10_000, offerTitle: '国内短信 50,000 条' },
    alerts: [],
    approvals: [],
    ...overrides,
  };
}

/** A service that takes every receipt and every recharge and remembers them. */
export class ReceivingService implements SandboxBackend {
  readonly pushes: Push[] = [];
  readonly recharges: { accountId: string; amount: string }[] = [];
  /** Told at every push, before it is answered. */
  onPush: () => Promise<void> | void = () => {};
  /** What the intake answers with; DingTalk's carrier takes 200 and `code` 0 as accepted. */
  answer: { status: number; body: unknown } = { status: 200, body: { code: 0, msg: 'ok' } };
  /** What the page's panel shows. */
  view: WorldView;
  readonly #accounts: { id: string; name: string }[];
  readonly #server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.pushes.push({ path: request.url ?? '', receipts: JSON.parse(Buffer.concat(chunks).toString()) });
    await this.onPush();
    response.writeHead(this.answer.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(this.answer.body));
  });

  private constructor(accounts: { id: string; name: string }[]) {
    this.#accounts = accounts;
    this.view = {
      accounts: accounts.map((account) => accountView(account)),
      notices: { waiting: 0, dead: 0, delivered: 0 },
      nextEventAt: null,
    };
  }

  static async start(accounts = [{ id: 'acme', name: '示例公司' }]): Promise<ReceivingService> {
    const service = new ReceivingService(accounts);
    await new Promise<void>((resolve) => service.#server.listen(0, '127.0.0.1', resolve));
    return service;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** How many receipts have come. */
  get received(): number {
    return this.pushes.reduce((sum, { receipts }) => sum + receipts.length, 0);
  }

  async accounts(): Promise<{ id: string; name: string }[]> {
    return this.#accounts;
  }

  async intake(accountId: string): Promise<{ baseUrl: string; key: string; templateCodes: Record<string, string> }> {
    const { port } = this.#server.address() as AddressInfo;
    return {
      baseUrl: `http://127.0.0.1:${port}`,
      key: `key-of-${accountId}`,
      templateCodes: { verification: 'SMS_1', notification: 'SMS_2', promotion: 'SMS_3' },
    };
  }

  async recharge(accountId: string, amount: string): Promise<void> {
    if (amount === '99999.00') throw new Error('The bank refused this transfer.');
    this.recharges.push({ accountId, amount });
  }

  async world(): Promise<WorldView> {
    return this.view;
  }
}
