import { z } from 'zod';
import { databaseJobs } from '../../jobs/index.ts';
import type { Job } from '../../jobs/job.ts';
import { RunRecord } from '../../jobs/run-record.ts';
import { runJob } from '../../jobs/scheduler.ts';
import { SERVICE_JOB_NAMES } from '../../jobs/service-jobs.ts';
import { defineCommand } from '../command.ts';
import { CliError } from '../errors.ts';
import type { Session } from '../session.ts';

export const jobsRun = defineCommand({
  name: 'jobs run',
  about: 'Run a job now, as the service does when its time has come; what it tells, the running service delivers',
  arguments: [{ name: 'JOB', about: 'its name, as "jobs list" shows it' }],
  input: z.object({ JOB: z.string() }),
  run: async (session, { JOB: name }) => {
    const outcome = await runNow(session, findJob(session, name));
    return {
      json: { job: name, outcome },
      lines: [outcome === null ? `${name}: there was nothing to do.` : `${name}: ${outcome}.`],
    };
  },
});

/** @throws CliError `job_unknown`, `job_of_service` */
function findJob({ db, context, config, logger }: Session, name: string): Job {
  // What a job does, the service does: only that it runs now is the operator's deed.
  const { source: _, ...own } = context;
  const { jobs } = databaseJobs({ db, context: own, logger, timeZone: config.timeZone, onTold: () => {} });
  const job = jobs.find((candidate) => candidate.name === name);
  if (job) return job;
  if (SERVICE_JOB_NAMES.some((known) => known === name)) {
    throw new CliError(
      'job_of_service',
      `The job ${name} talks to others, so the service alone runs it; it does so by itself while it runs.`,
      { job: name },
    );
  }
  const known = [...jobs.map((candidate) => candidate.name), ...SERVICE_JOB_NAMES].join(', ');
  throw new CliError('job_unknown', `There is no job "${name}"; there are ${known}.`, { job: name, jobs: known });
}

async function runNow({ db, context, logger }: Session, job: Job): Promise<string | null> {
  if (job.runNow) return job.runNow();
  const record = new RunRecord(db, context.clock, logger, 'cli');
  const { outcome, report, error } = await runJob(job, context.clock, (run) => record.add(run));
  if (outcome === 'failed') throw error;
  return report;
}
