import { parentPort, workerData } from 'node:worker_threads';
import { startSandbox } from '../src/sandbox/sandbox.ts';
import { benchWorld, type EmulatorOptions, type EmulatorReport } from './emulator-thread.ts';

/** DingTalk's emulator in a thread of its own, so that what is measured does not share its processor with it. */
const { groups, callsPerSecond } = workerData as EmulatorOptions;

const sandbox = await startSandbox({
  port: 0,
  world: benchWorld(groups),
  clock: { now: () => Date.now(), advance: async () => {} },
  behaviour: { callsPerSecond, callsPerMonth: 1_000_000_000 },
});

const cards = new Map<string, number>();
let refused = 0;
// Every call is counted when it is answered; the emulator itself keeps the newest ones only.
const { calls } = sandbox;
const add = calls.add.bind(calls);
calls.add = (call) => {
  add(call);
  if (!call.path.endsWith('/createAndDeliver')) return;
  const { outTrackId = '' } = call.body as { outTrackId?: string };
  if (call.status === 200) cards.set(outTrackId, (cards.get(outTrackId) ?? 0) + 1);
  else refused += 1;
};

parentPort?.on('message', (message: 'report' | 'stop') => {
  if (message === 'stop') {
    void sandbox.stop().then(() => process.exit(0));
    return;
  }
  const shown = groups.flatMap((group) => sandbox.messages(group)).map(({ outTrackId }) => outTrackId ?? '');
  const report: EmulatorReport = { cards: [...cards], shown, refused };
  parentPort?.postMessage(report);
});
parentPort?.postMessage(sandbox.url);
