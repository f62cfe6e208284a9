import { z } from 'zod';
import type { Config } from '../../config.ts';
import { completeSettings } from '../../dingtalk/settings.ts';
import { bilingual, type Sentence } from '../../domain/sentence.ts';
import { createLogger } from '../../log.ts';
import { codeOf } from '../../store/connection.ts';
import { defineProgram, type ProgramHost } from '../command.ts';
import { checkDatabase } from '../doctor/database.ts';
import { checkDingTalk, type Recipient, withoutApp } from '../doctor/dingtalk.ts';
import { type Finding, failed, ok, sentenceOf, skipped } from '../doctor/finding.ts';
import { checkService } from '../doctor/service.ts';
import type { Language } from '../language.ts';
import { table } from '../output.ts';

const DEFAULT_WAIT_SECONDS = 60;

export const doctor = defineProgram({
  name: 'doctor',
  about: 'Check settings, database, DingTalk app and service, and say what to do',
  options: {
    group: { value: 'CONVERSATION_ID', about: 'a group that gets a test message and a card with a button' },
    user: { value: 'STAFF_ID', about: 'a person who gets a test message, and the card where no group is named' },
    wait: { value: 'SECONDS', about: `how long the button may be pressed; ${DEFAULT_WAIT_SECONDS} if left out` },
  },
  input: z.object({
    group: z.string().min(1).optional(),
    user: z.string().min(1).optional(),
    wait: z
      .string()
      .regex(/^[1-9]\d{0,2}$/, bilingual('must be a number of seconds from 1 to 999', '须为 1 到 999 之间的秒数'))
      .transform(Number)
      .default(DEFAULT_WAIT_SECONDS),
  }),
  run: async ({ group, user, wait }, host) => {
    const findings = await diagnose({ group, user, waitSeconds: wait }, host);
    const isFailure = findings.some(({ state }) => state === 'failed');
    return { json: { ok: !isFailure, checks: findings }, lines: toLines(findings, host.language), isFailure };
  },
});

async function diagnose(recipient: Recipient, { readConfig, tell }: ProgramHost): Promise<Finding[]> {
  let config: Config;
  try {
    config = readConfig();
  } catch (error) {
    if (codeOf(error) !== 'config_invalid') throw error;
    const others = ['database', 'migrations', 'credentials', 'stream', 'message', 'button', 'service'];
    return [
      failed('configuration', settingsProblem(error), {
        english: 'Change what is named; .env.example explains every setting.',
        chinese: '请改正所列的设置；每项设置见 .env.example。',
      }),
      ...others.map((name) => skipped(name, 'the configuration is needed')),
    ];
  }
  // What goes wrong is among the findings; a log beside them would say it twice.
  const logger = createLogger({ level: 'silent', name: 'doctor' });
  const { dingtalk } = config;
  const settings = dingtalk && completeSettings({ ...dingtalk, clientSecret: dingtalk.clientSecret.reveal() });
  return [
    ok('configuration', describe(config)),
    ...(await checkDatabase(config, logger)),
    ...(settings ? await checkDingTalk({ settings, recipient, logger, tell }) : withoutApp()),
    await checkService(config),
  ];
}

function describe({ dingtalk, database, dataDir, http }: Config): string {
  const app = dingtalk ? `the app ${dingtalk.clientId}` : 'no app (the sandbox)';
  const where = database.url === null ? `a database in ${dataDir}` : 'the database of DATABASE_URL';
  return `${app}, ${where}, intake on ${http.host}:${http.port}`;
}

/** What is wrong is named in the English sentence alone. */
function settingsProblem(error: unknown): Sentence {
  const { english, chinese } = sentenceOf(error);
  return { english, chinese: `${chinese}\n${english}` };
}

/** What failed, in the language of errors; the rest is an answer, in English as all answers. */
function toLines(findings: readonly Finding[], language: Language): string[] {
  const told = findings.map(({ foundZh, nextZh, ...finding }) =>
    language === 'zh-CN' && foundZh !== undefined && nextZh !== undefined
      ? { ...finding, found: foundZh, next: nextZh }
      : finding,
  );
  const rows = told.flatMap(({ name, state, found, next, warnings = [] }) => [
    [state, name, found],
    ...warnings.map((warning) => ['', '', `note: ${warning}`]),
    ...(next === undefined ? [] : [['', '', `-> ${next}`]]),
  ]);
  const count = findings.filter(({ state }) => state === 'failed').length;
  return [...table(rows), '', count === 0 ? 'Nothing is wrong.' : `${count} of ${findings.length} checks failed.`];
}
