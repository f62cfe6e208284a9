import { z } from 'zod';
import { databaseJobs, serviceJobsDueAt } from '../../jobs/index.ts';
import type { Job } from '../../jobs/job.ts';
import { SERVICE_JOB_NAMES } from '../../jobs/service-jobs.ts';
import { readLastRuns, type StoredRun } from '../../store/job-runs.ts';
import { traceOfRun } from '../../trace.ts';
import { defineCommand } from '../command.ts';
import { formatTime, table } from '../output.ts';

export const jobsList = defineCommand({
  name: 'jobs list',
  about: 'Show the jobs: the last run of each, how long it took, what came of it, and when it is due next',
  input: z.object({}),
  run: async ({ db, context, config, logger }) => {
    const { timeZone, limits } = config;
    const now = context.clock.now();
    const { jobs } = databaseJobs({ db, context, logger, timeZone, onTold: () => {} });
    const last = await readLastRuns(db.kysely, [...jobs.map(({ name }) => name), ...SERVICE_JOB_NAMES]);
    const service = await serviceJobsDueAt(db.kysely, { now, callsPerMonth: limits.callsPerMonth });
    const found = [
      ...(await Promise.all(jobs.map(async (job) => ({ name: job.name, due: await dueAt(job) })))),
      ...SERVICE_JOB_NAMES.map((name) => ({ name, due: service[name] })),
    ];
    const json = found.map(({ name, due }) => toJson(name, due, last.get(name)));
    const rows = found.map(({ name, due }) => row(name, due, last.get(name), now, timeZone));
    const head = ['JOB', `LAST RUN (${timeZone})`, 'TOOK', 'STATE', 'OUTCOME', 'NEXT DUE'];
    return { json, lines: table([head, ...rows], [2]) };
  },
});

function dueAt(job: Job): Promise<Temporal.Instant | null> {
  return job.nextDueAt();
}

function row(
  name: string,
  due: Temporal.Instant | null,
  run: StoredRun | undefined,
  now: Temporal.Instant,
  timeZone: string,
): string[] {
  const isDue = due !== null && Temporal.Instant.compare(due, now) <= 0;
  return [
    name,
    run ? formatTime(run.startedAt, timeZone) : 'never',
    run?.durationMs == null ? '' : `${(run.durationMs / 1_000).toFixed(3)} s`,
    run ? run.state + (run.causedBy === 'cli' ? ' (cli)' : '') : '',
    run?.outcome ?? '',
    due === null ? 'nothing planned' : isDue ? 'now' : formatTime(due, timeZone),
  ];
}

function toJson(job: string, due: Temporal.Instant | null, run: StoredRun | undefined): object {
  return {
    job,
    lastRun: run
      ? {
          slot: run.slot?.toString() ?? null,
          startedAt: run.startedAt.toString(),
          finishedAt: run.finishedAt?.toString() ?? null,
          durationMs: run.durationMs,
          state: run.state,
          outcome: run.outcome,
          causedBy: run.causedBy,
          attempts: run.attempts,
          trace: traceOfRun(job, run.id),
        }
      : null,
    nextDueAt: due?.toString() ?? null,
  };
}
