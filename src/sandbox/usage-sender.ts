import { z } from 'zod';
import type { SandboxBackend } from './backend.ts';
import { SandboxError } from './errors.ts';
import { isDestinationCountry, receiptBatches } from './receipts.ts';

const COUNT_MAX = 200_000;
const TIMEOUT_MS = 60_000;

export const smsSchema = z
  .strictObject({
    accountId: z.string().min(1).optional(),
    destination: z.enum(['mainland', 'international']),
    country: z.string().optional(),
    templateType: z.enum(['verification', 'notification', 'promotion']),
    count: z.int().min(1).max(COUNT_MAX),
    segments: z.int().min(1).max(20).default(1),
  })
  .superRefine((sms, context) => {
    if (sms.destination === 'international' && !isDestinationCountry(sms.country ?? '')) {
      context.addIssue({
        code: 'custom',
        path: ['country'],
        message: 'name the country by its two letters, e.g. SG; Hong Kong is HK, Macao MO, Taiwan TW',
      });
    }
    if (sms.destination === 'mainland' && sms.country !== undefined && sms.country !== 'CN') {
      context.addIssue({ code: 'custom', path: ['country'], message: 'mainland messages go to CN' });
    }
  });

/** What the intake said to one push. */
export interface IntakeAnswer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Posts the delivery receipts of these messages to the account's intake, as Alibaba Cloud does, one push after the other, and stops at
 * the first that is not taken. `posted` counts the messages of the pushes that were.
 * Throws a `SandboxError` where the account has no template for the type, or its intake cannot be reached.
 */
export async function sendSms(
  backend: SandboxBackend,
  accountId: string,
  sms: z.output<typeof smsSchema>,
  now: () => number,
): Promise<{ posted: number; answers: IntakeAnswer[] }> {
  const intake = await backend.intake(accountId);
  const templateCode = intake.templateCodes[sms.templateType];
  if (sms.destination === 'mainland' && templateCode === undefined) {
    throw new SandboxError(
      400,
      'template_unknown',
      {
        english: `The account ${accountId} has no template for ${sms.templateType} messages.`,
        chinese: `账户 ${accountId} 没有 ${sms.templateType} 类短信的模板。`,
      },
      'templateType',
    );
  }
  const url = `${intake.baseUrl}/v1/receipts/${encodeURIComponent(intake.key)}/${sms.destination}`;
  const answers: IntakeAnswer[] = [];
  let posted = 0;
  for (const batch of receiptBatches({ ...sms, templateCode, now })) {
    const answer = await post(url, batch);
    answers.push(answer);
    if (!isTaken(answer)) break;
    posted += batch.length;
  }
  return { posted, answers };
}

/** Taken is what is answered with HTTP 200 and a `code` that is the number 0. */
function isTaken(answer: IntakeAnswer): boolean {
  return answer.status === 200 && z.looseObject({ code: z.literal(0) }).safeParse(answer.body).success;
}

async function post(url: string, batch: unknown): Promise<IntakeAnswer> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(batch),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    // The reason is not passed on: it would carry the address, and the address is the account's secret.
    throw new SandboxError(502, 'intake_unreachable', {
      english: 'The usage intake did not answer. Is the service running?',
      chinese: '用量接口没有响应。服务在运行吗？',
    });
  }
  const text = await response.text();
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch {
    return { status: response.status, body: text };
  }
}
