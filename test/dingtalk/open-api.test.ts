import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderCard } from '../../src/dingtalk/card-template.ts';
import { OpenApi } from '../../src/dingtalk/open-api.ts';
import { completeSettings, type DingTalkSettings } from '../../src/dingtalk/settings.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP, GROUP, StillClock, startTestSandbox } from '../support/sandbox-world.ts';

describe('OpenApi and the sandbox', () => {
  let sandbox: Sandbox;
  let settings: DingTalkSettings;
  let api: OpenApi;
  let clock: StillClock;

  beforeEach(async () => {
    clock = new StillClock();
    sandbox = await startTestSandbox({ clock });
    settings = completeSettings({ ...APP, apiBase: sandbox.url, oapiBase: sandbox.url });
    api = new OpenApi(settings);
  });

  afterEach(() => sandbox.stop());

  const callsOf = (path: string) => sandbox.calls.entries.filter((call) => call.path === path);
  const newCard = (outTrackId: string, markdown = '开启自动续费') => ({
    outTrackId,
    templateId: settings.cardTemplateId,
    params: renderCard({ title: '申请', markdown, buttons: [{ id: 'approve', label: '同意', style: 'primary' }] }),
    openSpace: { kind: 'group', conversationId: GROUP, mentions: [{ userId: 'zhangwei', name: '张伟' }] } as const,
    summary: '申请：开启自动续费',
  });

  test('given a markdown message, when it is sent to the group, then the group has it', async () => {
    const msgParam = { title: '告警', text: '#### 余量不足' };
    const { processQueryKey } = await api.sendGroupMessage({
      conversationId: GROUP,
      msgKey: 'sampleMarkdown',
      msgParam,
    });
    expect(processQueryKey).not.toBe('');
    expect(sandbox.messages(GROUP).at(-1)).toMatchObject({
      from: 'bot',
      kind: 'markdown',
      title: '告警',
      text: '#### 余量不足',
    });
  });

  test('given a group that the robot does not know, then the group is gone', async () => {
    const message = { conversationId: 'cidNobody', msgKey: 'sampleText', msgParam: { content: 'x' } };
    await expect(api.sendGroupMessage(message)).rejects.toMatchObject({
      code: 'invalid.openConversationId',
      kind: 'gone',
      status: 400,
    });
  });

  test('given a person and a stranger, when both are written to, then one has it and the other is reported', async () => {
    const result = await api.sendDirectMessage({
      userIds: ['lina', 'nobody'],
      msgKey: 'sampleText',
      msgParam: { content: '你好' },
    });
    expect(result).toMatchObject({ invalidUserIds: ['nobody'], flowControlledUserIds: [] });
    expect(sandbox.messages('direct:lina').at(-1)).toMatchObject({ text: '你好' });
  });

  test('given people over their limit, then they are reported', async () => {
    const body = { processQueryKey: 'k', invalidStaffIdList: [], flowControlledStaffIdList: ['lina'] };
    sandbox.faults.answerCalls('/v1.0/robot/oToMessages/batchSend', { status: 200, body });
    const result = await api.sendDirectMessage({
      userIds: ['lina'],
      msgKey: 'sampleText',
      msgParam: { content: '你好' },
    });
    expect(result.flowControlledUserIds).toEqual(['lina']);
  });

  test('given a card, when it is created twice, then there is one, with its text, button and mention', async () => {
    expect(await api.createCard(newCard('card-1'))).toEqual({ created: true });
    expect(await api.createCard(newCard('card-1'))).toEqual({ created: false });
    const cards = sandbox.messages(GROUP);
    expect(cards).toHaveLength(1);
    expect(cards[0]).toMatchObject({
      kind: 'card',
      title: '申请',
      text: '开启自动续费',
      outTrackId: 'card-1',
      mentions: ['zhangwei'],
      buttons: [{ id: 'approve', label: '同意', style: 'blue', disabled: false }],
    });
  });

  test('given a card whose answer was lost, when it is created again, then there is still one', async () => {
    sandbox.faults.dropCalls('/v1.0/card/instances/createAndDeliver', 'after');
    await expect(api.createCard(newCard('card-1'))).rejects.toMatchObject({ kind: 'unknown_outcome' });
    expect(await api.createCard(newCard('card-1'))).toEqual({ created: false });
    expect(sandbox.messages(GROUP)).toHaveLength(1);
  });

  test('given a card for a group that is not there, then it is an error though the platform says 200', async () => {
    const openSpace = { kind: 'group', conversationId: 'cidNobody', mentions: [] } as const;
    const card = api.createCard({ ...newCard('card-1'), openSpace });
    await expect(card).rejects.toMatchObject({ code: 'card.notDelivered', kind: 'rejected' });
  });

  test('given a card for a person, then it is in their direct conversation', async () => {
    await api.createCard({ ...newCard('card-1'), openSpace: { kind: 'direct', userId: 'zhangwei' } });
    expect(sandbox.messages('direct:zhangwei')).toHaveLength(1);
  });

  test('given an update of some parameters, then the others stay', async () => {
    await api.createCard(newCard('card-1'));
    await api.updateCard({ outTrackId: 'card-1', params: { markdown: '已同意' } });
    const [card] = sandbox.messages(GROUP);
    expect(card).toMatchObject({ title: '申请', text: '已同意' });
    expect(card?.buttons).toHaveLength(1);
  });

  test('given a rendered card without buttons, when a card is updated with it, then the buttons are gone', async () => {
    await api.createCard(newCard('card-1'));
    const disabled = { id: 'approve', label: '已同意', style: 'plain', disabled: true } as const;
    await api.updateCard({
      outTrackId: 'card-1',
      params: renderCard({ title: 't', markdown: 'm', buttons: [disabled] }),
    });
    expect(sandbox.messages(GROUP)[0]?.buttons).toMatchObject([{ label: '已同意', disabled: true }]);
    await api.updateCard({ outTrackId: 'card-1', params: renderCard({ title: 't', markdown: 'm', buttons: [] }) });
    expect(sandbox.messages(GROUP)[0]?.buttons).toEqual([]);
  });

  test('given a card that is not there, when it is updated, then it is gone', async () => {
    const update = api.updateCard({ outTrackId: 'nothing', params: { markdown: 'x' } });
    await expect(update).rejects.toMatchObject({ code: 'param.cardNotExist', kind: 'gone' });
  });

  test('given a webhook whose time is over, then it is gone', async () => {
    const reply = api.replyToSession(`${sandbox.url}/robot/sendBySession?session=old`, {
      msgtype: 'text',
      text: { content: 'x' },
    });
    await expect(reply).rejects.toMatchObject({ code: '300001', kind: 'gone', status: 200 });
  });

  test('given a user id, then the person is found, and nobody is gone', async () => {
    expect(await api.getUser('lina')).toEqual({ userId: 'lina', name: '李娜', unionId: 'union-lina' });
    await expect(api.getUser('nobody')).rejects.toMatchObject({ code: '60121', kind: 'gone' });
  });

  test('given a token that ends mid-way, when calls follow, then they get a fresh one and nobody notices', async () => {
    await api.getUser('lina');
    sandbox.faults.revokeToken();
    await Promise.all([api.createCard(newCard('card-1')), api.getUser('lina'), api.createCard(newCard('card-2'))]);
    await clock.advance('PT3H');
    await api.getUser('lina');
    expect(callsOf('/v1.0/oauth2/accessToken')).toHaveLength(3);
    expect(sandbox.messages(GROUP)).toHaveLength(2);
  });

  test('given more calls at once than the platform takes, then the rest are throttled with a pause', async () => {
    await api.createCard(newCard('card-1'));
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) =>
        api.updateCard({ outTrackId: 'card-1', params: { markdown: `${index}` } }),
      ),
    );
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect(error).toMatchObject({ kind: 'throttled', retryAfter: expect.anything() });
  });

  test('given wrong credentials, then a person has to correct them', async () => {
    const stranger = new OpenApi({ ...settings, clientSecret: 'wrong' });
    await expect(stranger.getUser('lina')).rejects.toMatchObject({
      code: 'invalidClientIdOrSecret',
      kind: 'not_allowed',
    });
  });
});
