import type { Defaulted, Instant } from './columns.ts';

/** The runs of jobs. */
export interface JobTables {
  job_runs: {
    run_id: Defaulted<string>;
    job: string;
    slot: Instant | null;
    started_at: Instant;
    finished_at: Defaulted<Instant | null>;
    outcome: Defaulted<string | null>;
    state: 'running' | 'done' | 'failed';
    caused_by: 'schedule' | 'cli';
    attempts: Defaulted<number>;
    duration_ms: Defaulted<bigint | null>;
  };
  job_locks: {
    job: string;
    holder: string;
    held_until: Instant;
  };
}
