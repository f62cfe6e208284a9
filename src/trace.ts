import { AsyncLocalStorage } from 'node:async_hooks';

const traces = new AsyncLocalStorage<string | undefined>();

/**
 * Runs `work` under an id that everything it causes bears: its lines in the log, and the notices that it queues, whose delivery logs it
 * again. So one id leads from a frame of the platform, or from a gateway's request, to what is told because of it, over replicas and restarts.
 * Null: under none, for work that goes on for whoever asks.
 */
export function withTrace<T>(trace: string | null, work: () => T): T {
  return traces.run(trace ?? undefined, work);
}

/** The trace of a run of a job, by the run's id in the record of runs. */
export function traceOfRun(job: string, runId: string): string {
  return `${job}/${runId}`;
}

/** The id of what is at work now; undefined where nobody gave one. */
export function currentTrace(): string | undefined {
  return traces.getStore();
}
