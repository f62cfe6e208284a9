import type { JobPlan } from './job.ts';

/** The jobs that talk to others, and so run in the service alone. */
export const SERVICE_JOBS = {
  frames: { kind: 'by_state', missed: 'each' },
  delivery: { kind: 'by_state', missed: 'each', isSlow: true },
  webhooks: { kind: 'by_state', missed: 'each' },
} as const satisfies Record<string, JobPlan>;

export type ServiceJobName = keyof typeof SERVICE_JOBS;
export const SERVICE_JOB_NAMES = Object.keys(SERVICE_JOBS) as readonly ServiceJobName[];
