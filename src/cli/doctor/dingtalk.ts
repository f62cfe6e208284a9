import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { AccessToken } from '../../dingtalk/access-token.ts';
import { type CardButton, renderCard } from '../../dingtalk/card-template.ts';
import { DingTalkError } from '../../dingtalk/errors.ts';
import { OpenApi, type OpenSpace } from '../../dingtalk/open-api.ts';
import type { DingTalkSettings } from '../../dingtalk/settings.ts';
import type { Logger } from '../../log.ts';
import { adviceFor, OTHER_ADVICE } from './advice.ts';
import { type Finding, failed, ok, sentenceOf, skipped } from './finding.ts';
import { StreamProbe } from './stream-probe.ts';

const CALL_LIMIT_MS = 10_000;

/** Whom to try a message and a button on. */
export interface Recipient {
  readonly group?: string | undefined;
  readonly user?: string | undefined;
  /** How long a person has to press the button. */
  readonly waitSeconds: number;
}

export interface DingTalkCheck {
  readonly settings: DingTalkSettings;
  readonly recipient: Recipient;
  readonly logger: Logger;
  /** Tells the person at the terminal what is waited for. */
  readonly tell: (line: string) => void;
}

/** The app's credentials, its stream, a message and a button of it. */
export async function checkDingTalk(check: DingTalkCheck): Promise<Finding[]> {
  const { settings, logger } = check;
  const credentials = await checkCredentials(settings);
  if (credentials.state === 'failed') {
    const others = ['stream', 'message', 'button'].map((name) => skipped(name, 'the credentials are needed'));
    return [credentials, ...others];
  }
  const probe = new StreamProbe(settings, logger);
  try {
    const { problem } = await probe.open();
    const message = await checkMessage(check);
    const button = problem === null ? await checkButton(check, probe) : skipped('button', 'the stream is needed');
    return [credentials, streamFinding(problem, probe.taken), message, button];
  } finally {
    await probe.close();
  }
}

/** What is found of an app where none is set. */
export function withoutApp(): Finding[] {
  const why = 'no DingTalk app is set, so the program runs the sandbox';
  const next = 'Set DINGTALK_CLIENT_ID and DINGTALK_CLIENT_SECRET; docs/dingtalk-setup.md tells where they are.';
  const others = ['stream', 'message', 'button'].map((name) => skipped(name, 'an app is needed'));
  return [skipped('credentials', why, next), ...others];
}

async function checkCredentials(settings: DingTalkSettings): Promise<Finding> {
  try {
    await new AccessToken(settings, CALL_LIMIT_MS).get();
    return ok('credentials', `${settings.apiBase} gave the app ${settings.clientId} a token`);
  } catch (error) {
    return failedCall('credentials', error);
  }
}

function streamFinding(problem: string | null, taken: number): Finding {
  if (problem !== null) {
    const found = { english: `no connection was opened: ${problem}`, chinese: `没有建立连接：${problem}` };
    return failed('stream', found, adviceFor(problem));
  }
  const warnings = ['A second connection takes its share of what people say and press; it is closed now.'];
  if (taken > 0) warnings.push(`It took ${taken} of that, which nobody answers: ask people to say it again.`);
  return ok('stream', 'a connection was opened', warnings);
}

async function checkMessage({ settings, recipient }: DingTalkCheck): Promise<Finding> {
  const { group, user } = recipient;
  if (group === undefined && user === undefined) return unnamed('message');
  const api = new OpenApi(settings, { timeoutMs: CALL_LIMIT_MS });
  const text = 'SMS Steward: 这是一条测试消息,无需处理。 This is a test; there is nothing to do.';
  const content = { msgKey: 'sampleMarkdown', msgParam: { title: 'SMS Steward: test', text } };
  try {
    if (group !== undefined) await api.sendGroupMessage({ conversationId: group, ...content });
    if (user !== undefined) {
      const { invalidUserIds, flowControlledUserIds } = await api.sendDirectMessage({ userIds: [user], ...content });
      if (invalidUserIds.length > 0) {
        const found = {
          english: `DingTalk knows nobody with the user id ${user}`,
          chinese: `钉钉里没有用户 ID 为 ${user} 的人`,
        };
        return failed('message', found, adviceFor('staffId.notExisted'));
      }
      if (flowControlledUserIds.length > 0) {
        return failed(
          'message',
          { english: `${user} has been sent too much lately`, chinese: `最近发给 ${user} 的消息太多` },
          { english: 'Try again in some minutes, or another person.', chinese: '请过几分钟再试，或换一个人。' },
        );
      }
    }
    return ok('message', `accepted for ${namesOf(recipient)}; see that it is there`);
  } catch (error) {
    return failedCall('message', error);
  }
}

async function checkButton({ settings, recipient, tell }: DingTalkCheck, probe: StreamProbe): Promise<Finding> {
  const { group, user, waitSeconds } = recipient;
  const openSpace = openSpaceOf(group, user);
  if (!openSpace) return unnamed('button');
  const api = new OpenApi(settings, { timeoutMs: CALL_LIMIT_MS });
  const outTrackId = `doctor-${randomBytes(18).toString('base64url')}`;
  const title = 'SMS Steward: test';
  const button: CardButton = { id: 'doctor', label: '测试 / Test', style: 'primary' };
  const ask = { title, markdown: '请点击下面的按钮。 Press the button below.', buttons: [button] };
  const thank = { title, markdown: '已收到点击。 The click has arrived.', buttons: [{ ...button, disabled: true }] };
  // Before the card is there, or the click of a quick hand would come too early.
  const clicked = probe.clickOn(outTrackId);
  try {
    const templateId = settings.cardTemplateId;
    await api.createCard({ outTrackId, templateId, params: renderCard(ask), openSpace, summary: title });
    tell(`Press the button of the card in DingTalk within ${waitSeconds} s.`);
    const click = await within(waitSeconds * 1_000, clicked);
    if (!click) {
      return failed(
        'button',
        { english: `no click came within ${waitSeconds} s`, chinese: `${waitSeconds} 秒内没有收到点击` },
        {
          english:
            'If nobody pressed it, try again (--wait SECONDS gives more time). If somebody did, the click went to another connection: ' +
            'DingTalk picks one at random, so stop the service and whatever else uses this app, and try again.',
          chinese:
            '没有人点的话，请再试一次（--wait SECONDS 可以延长）。有人点过的话，点击到了另一个连接：钉钉会随机选一个，请停止服务和其他使用这个应用的程序后再试。',
        },
      );
    }
    await api.updateCard({ outTrackId, params: renderCard(thank) });
    return ok('button', `pressed by ${click.userId}, and the card was changed`);
  } catch (error) {
    return failedCall('button', error);
  }
}

/** Undefined when it took longer. */
async function within<T>(milliseconds: number, awaited: Promise<T>): Promise<T | undefined> {
  const done = new AbortController();
  const late = pause(milliseconds, undefined, { signal: done.signal });
  late.catch(() => {});
  try {
    return await Promise.race([awaited, late]);
  } finally {
    done.abort();
  }
}

function openSpaceOf(group: string | undefined, user: string | undefined): OpenSpace | undefined {
  if (group !== undefined) return { kind: 'group', conversationId: group, mentions: [] };
  return user === undefined ? undefined : { kind: 'direct', userId: user };
}

function namesOf({ group, user }: Recipient): string {
  return [group, user].filter((id) => id !== undefined).join(' and ');
}

function unnamed(name: string): Finding {
  return skipped(
    name,
    'nobody is named',
    'Name a group that the robot is in (--group CONVERSATION_ID) or a person (--user STAFF_ID).',
  );
}

function failedCall(name: string, error: unknown): Finding {
  const advice = error instanceof DingTalkError ? adviceFor(error.code) : OTHER_ADVICE;
  return failed(name, sentenceOf(error), advice);
}
