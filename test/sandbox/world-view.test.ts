import { afterEach, describe, expect, test } from 'vitest';
import type { SandboxBackend, WorldView } from '../../src/sandbox/backend.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { StillClock, startTestSandbox } from '../support/sandbox-world.ts';

let sandbox: Sandbox;
afterEach(() => sandbox.stop());

const VIEW: WorldView = {
  accounts: [
    {
      id: 'acme',
      name: 'ACME',
      currency: 'CNY',
      balance: '12.30',
      available: '12.30',
      standing: 'clear',
      sending: 'allowed',
      reasons: [],
      quota: 400,
      plans: [{ id: 'p1', title: '1 万条', total: 1_000, remaining: 400, expiresAt: '2026-12-31T16:00:00Z' }],
      autoRenewal: { enabled: true, threshold: 100, offerTitle: '1 万条' },
      alerts: [{ kind: 'quota_low', level: 1, since: '2026-03-01T00:00:00Z' }],
      approvals: [{ code: 'A1', summary: 'buy', requester: 'lina', expiresAt: '2026-03-11T00:00:00Z' }],
    },
  ],
  notices: { waiting: 1, dead: 0, delivered: 7 },
  nextEventAt: '2026-03-10T02:30:00.0005Z',
};

function backend(world?: () => Promise<WorldView>): SandboxBackend {
  return {
    accounts: async () => [],
    intake: async () => ({ baseUrl: '', key: '', templateCodes: {} }),
    recharge: async () => {},
    ...(world === undefined ? {} : { world }),
  };
}

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${sandbox.url}${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

const advance = (to: string) => call('POST', '/api/clock/advance', { to });

describe('the state of the service', () => {
  test('given a service that shows it, then as it is', async () => {
    sandbox = await startTestSandbox({ backend: backend(async () => VIEW) });
    expect(await call('GET', '/api/world')).toEqual({ status: 200, body: VIEW });
  });

  test.each([
    ['no service', undefined],
    ['a service that does not show it', backend()],
  ])('given %s, then 501 no_service, also for the next event', async (_name, service) => {
    sandbox = await startTestSandbox({ backend: service });
    expect(await call('GET', '/api/world')).toMatchObject({ status: 501, body: { error: { code: 'no_service' } } });
    expect(await advance('next')).toMatchObject({ status: 501, body: { error: { code: 'no_service' } } });
  });
});

describe('moving the clock to where something is', () => {
  test('given the next event, then the clock is not before it, to the millisecond', async () => {
    sandbox = await startTestSandbox({ backend: backend(async () => VIEW) });
    expect(await advance('next')).toEqual({ status: 200, body: { now: '2026-03-10T02:30:00.001Z' } });
  });

  test('given an event that is due already, then the clock moves by the least', async () => {
    sandbox = await startTestSandbox({
      backend: backend(async () => ({ ...VIEW, nextEventAt: '2026-03-01T00:00:00Z' })),
    });
    expect(await advance('next')).toEqual({ status: 200, body: { now: '2026-03-10T02:00:00.001Z' } });
  });

  test('given nothing that is due, then 409', async () => {
    sandbox = await startTestSandbox({ backend: backend(async () => ({ ...VIEW, nextEventAt: null })) });
    expect(await advance('next')).toMatchObject({ status: 409, body: { error: { code: 'nothing_due', field: 'to' } } });
  });

  test.each([
    ['in the middle of a month', '2026-03-10T02:00:00Z', '2026-03-31T16:00:00.000Z'],
    ['in the last hour of a month in Shanghai', '2026-02-28T15:30:00Z', '2026-02-28T16:00:00.000Z'],
    ['on the first instant of a month in Shanghai', '2026-02-28T16:00:00Z', '2026-03-31T16:00:00.000Z'],
    ['in December', '2026-12-31T15:59:59.999Z', '2026-12-31T16:00:00.000Z'],
    ['on the 31st of January', '2028-01-31T00:00:00Z', '2028-01-31T16:00:00.000Z'],
  ])('given a clock %s, then the month ends at the first instant of the next one', async (_name, start, end) => {
    sandbox = await startTestSandbox({ clock: new StillClock(start) });
    expect(await advance('month-end')).toEqual({ status: 200, body: { now: end } });
  });

  test.each([[{}], [{ to: 'yesterday' }], [{ by: 'P1D', to: 'next' }]])('given %o, then 400', async (body) => {
    sandbox = await startTestSandbox();
    const answer = await call('POST', '/api/clock/advance', body);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid_input' } } });
  });
});
