import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { SandboxWorld } from '../src/sandbox/world.ts';

export const BENCH_APP = { clientId: 'dingbench', clientSecret: 'bench', robotCode: 'dingbench' };

/** A world of groups in which one administrator is. */
export function benchWorld(groups: readonly string[]): SandboxWorld {
  return {
    app: { ...BENCH_APP, robotName: 'bench' },
    corpId: 'bench',
    people: [{ userId: 'admin', name: 'admin' }],
    conversations: groups.map((id) => ({ id, title: id, members: [{ userId: 'admin', role: 'admin' }] })),
  };
}

export interface EmulatorOptions {
  readonly groups: readonly string[];
  /** Calls of one API that it allows in a second. */
  readonly callsPerSecond: number;
}

/** What the emulator was asked for and shows. */
export interface EmulatorReport {
  /** Each card's id, with how often it was asked for and granted. */
  readonly cards: readonly (readonly [outTrackId: string, times: number])[];
  /** The id of the card of each message that stands in a group. */
  readonly shown: readonly string[];
  /** Calls that it refused for being too fast. */
  readonly refused: number;
}

/** An emulator that runs in a thread of its own. */
export async function startEmulator(options: EmulatorOptions) {
  const worker = new Worker(new URL('./emulator.ts', import.meta.url), { workerData: options });
  const [url] = (await once(worker, 'message')) as [string];
  return {
    url,
    report: async (): Promise<EmulatorReport> => {
      worker.postMessage('report');
      const [report] = (await once(worker, 'message')) as [EmulatorReport];
      return report;
    },
    stop: async () => {
      worker.postMessage('stop');
      await once(worker, 'exit');
    },
  };
}
