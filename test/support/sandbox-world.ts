import type { SandboxClock } from '../../src/sandbox/backend.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxWorld } from '../../src/sandbox/world.ts';

export const GROUP = 'cidOpsGroup';
export const LUNCH_GROUP = 'cidLunchGroup';

/** The app of `sandboxWorld`: what the bot signs in with. */
export const APP = {
  clientId: 'dingtestapp',
  clientSecret: 'test-secret',
  robotCode: 'dingtestapp',
  robotName: '短信管家',
};

/**
 * A group with an administrator (zhangwei), members (lina, wangqiang) and an outsider without a staff id (zhaomin), and a second group
 * of lina and zhaomin.
 */
export function sandboxWorld(overrides: Partial<SandboxWorld> = {}): SandboxWorld {
  return {
    app: APP,
    corpId: 'dingtestcorp',
    people: [
      { userId: 'zhangwei', name: '张伟' },
      { userId: 'lina', name: '李娜' },
      { userId: 'wangqiang', name: '王强' },
      { userId: 'zhaomin', name: '赵敏', external: true },
    ],
    conversations: [
      {
        id: GROUP,
        title: '短信运维群',
        members: [
          { userId: 'zhangwei', role: 'admin' },
          { userId: 'lina', role: 'member' },
          { userId: 'wangqiang', role: 'member' },
          { userId: 'zhaomin', role: 'outsider' },
        ],
      },
      {
        id: LUNCH_GROUP,
        title: '午餐群',
        members: [
          { userId: 'lina', role: 'member' },
          { userId: 'zhaomin', role: 'outsider' },
        ],
      },
    ],
    ...overrides,
  };
}

/** A clock that stands still until it is moved. */
export class StillClock implements SandboxClock {
  #now: number;

  constructor(start = '2026-03-10T02:00:00Z') {
    this.#now = Temporal.Instant.from(start).epochMilliseconds;
  }

  now(): number {
    return this.#now;
  }

  async advance(by: string): Promise<void> {
    const start = Temporal.Instant.fromEpochMilliseconds(this.#now).toZonedDateTimeISO('Asia/Shanghai');
    this.#now = start.add(by).epochMilliseconds;
  }
}

/** A sandbox of `sandboxWorld` on a free port, on a clock that stands still; stop it at the end of the test. */
export function startTestSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  // What the platform gives a bot in real time, a busy machine may need longer for.
  const behaviour = { callbackTimeoutMs: 60_000, eventTimeoutMs: 60_000, ...options.behaviour };
  return startSandbox({ port: 0, world: sandboxWorld(), clock: new StillClock(), ...options, behaviour });
}
