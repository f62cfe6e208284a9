import { TOPIC_CARD } from 'dingtalk-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MARKDOWN_WITH_BUTTONS } from '../../src/sandbox/card-templates.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP, GROUP, startTestSandbox } from '../support/sandbox-world.ts';
import { ApiCaller, TestBot } from './published-client.ts';

const CREATE_AND_DELIVER = '/v1.0/card/instances/createAndDeliver';
const INSTANCES = '/v1.0/card/instances';

let sandbox: Sandbox;
let api: ApiCaller;

beforeEach(async () => {
  sandbox = await startTestSandbox({ behaviour: { callsPerSecond: 1_000 } });
  api = new ApiCaller(sandbox);
});
afterEach(() => sandbox.stop());

function buttons(...msgButtons: Record<string, unknown>[]): string {
  return JSON.stringify({ msgButtons });
}

const APPROVE = { text: '同意', color: 'blue', id: 'approve', request: true, params: { action: 'approve' } };
const REJECT = { text: '拒绝', color: 'gray', id: 'reject', request: true };

function card(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    cardTemplateId: MARKDOWN_WITH_BUTTONS,
    outTrackId: 'card-1',
    callbackType: 'STREAM',
    cardData: {
      cardParamMap: { title: '续费', markdown: '**买一个**', sys_full_json_obj: buttons(APPROVE, REJECT) },
    },
    openSpaceId: `dtv1.card//IM_GROUP.${GROUP}`,
    imGroupOpenSpaceModel: { supportForward: false },
    imGroupOpenDeliverModel: { robotCode: APP.robotCode, atUserIds: { zhangwei: '张伟' } },
    userIdType: 1,
    ...overrides,
  };
}

const shown = (as?: string) => sandbox.messages(GROUP, as === undefined ? {} : { as }).at(-1);

describe('creating and delivering a card', () => {
  test('given the public template of markdown with buttons, then the group sees it and its mention', async () => {
    const answer = await api.call('POST', CREATE_AND_DELIVER, card());

    expect(answer).toEqual({
      status: 200,
      body: {
        success: true,
        result: {
          outTrackId: 'card-1',
          deliverResults: [
            { spaceType: 'IM_GROUP', spaceId: GROUP, success: true, carrierId: expect.any(String), errorMsg: '' },
          ],
        },
      },
    });
    expect(shown()).toMatchObject({
      kind: 'card',
      from: 'bot',
      outTrackId: 'card-1',
      title: '续费',
      text: '**买一个**',
      buttons: [
        { id: 'approve', label: '同意', style: 'blue', disabled: false, url: null },
        { id: 'reject', label: '拒绝', style: 'gray', disabled: false, url: null },
      ],
      mentions: ['zhangwei'],
      visibleTo: null,
      revision: 0,
    });
  });

  test('given recipients, then only they see it', async () => {
    const imGroupOpenDeliverModel = { robotCode: APP.robotCode, recipients: ['zhangwei', 'nobody'] };
    await api.call('POST', CREATE_AND_DELIVER, card({ imGroupOpenDeliverModel }));

    expect(shown()).toMatchObject({ visibleTo: ['zhangwei'] });
    expect(shown('zhangwei')).toBeDefined();
    expect(shown('lina')).toBeUndefined();
    await expect(sandbox.click('card-1', 'lina', 'approve')).rejects.toMatchObject({ statusCode: 404 });
  });

  test('given a mention of all in lower-case space names, and a direct space beside it, then both get it', async () => {
    const answer = await api.call(
      'POST',
      CREATE_AND_DELIVER,
      card({
        openSpaceId: `dtv1.card//im_group.${GROUP};im_robot.zhangwei`,
        imGroupOpenDeliverModel: { robotCode: APP.robotCode, atUserIds: { '@ALL': '@ALL' } },
        imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT' },
      }),
    );

    expect(answer.status).toBe(200);
    expect(shown()).toMatchObject({ mentions: ['all'] });
    expect(sandbox.messages('direct:zhangwei')).toMatchObject([{ outTrackId: 'card-1', title: '续费' }]);
  });

  test('given an unknown template, then its parameters are listed', async () => {
    const cardData = { cardParamMap: { amount: '5', status: 'open' } };
    await api.call('POST', CREATE_AND_DELIVER, card({ cardTemplateId: 'own.schema', cardData }));
    expect(shown()).toMatchObject({ title: null, text: 'amount: 5\nstatus: open', buttons: [] });
  });

  test('given the same outTrackId again, then 400 cardAlreadyExist and no second message', async () => {
    await api.call('POST', CREATE_AND_DELIVER, card());
    const again = await api.call('POST', CREATE_AND_DELIVER, card());

    expect(again).toMatchObject({ status: 400, body: { code: 'param.cardAlreadyExist' } });
    expect(sandbox.messages(GROUP)).toHaveLength(1);
  });

  test.each([
    ['an unknown group', { openSpaceId: 'dtv1.card//IM_GROUP.cidNowhere' }, 'invalid spaceId'],
    ['another robot', { imGroupOpenDeliverModel: { robotCode: 'other' } }, 'robotCode is not valid'],
    [
      'a person from outside',
      { openSpaceId: 'dtv1.card//IM_ROBOT.zhaomin', imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT' } },
      'invalid spaceId',
    ],
  ])('given %s, then HTTP 200 whose deliverResults say that it failed', async (_name, wrong, errorMsg) => {
    const answer = await api.call('POST', CREATE_AND_DELIVER, card(wrong));

    expect(answer).toMatchObject({ status: 200, body: { result: { deliverResults: [{ success: false, errorMsg }] } } });
    expect(sandbox.messages(GROUP)).toEqual([]);
  });

  test.each([
    ['no outTrackId', { outTrackId: '' }, 'param.outTrackIdEmpty'],
    ['an outTrackId of 65 characters', { outTrackId: 'x'.repeat(65) }, 'invalidParameter'],
    ['no template', { cardTemplateId: '' }, 'param.templateNotExist'],
    ['no space', { openSpaceId: '' }, 'param.openSpaceIdEmpty'],
    ['a strange space', { openSpaceId: `IM_GROUP.${GROUP}` }, 'param.openSpaceIdInvalid'],
    ['no way to deliver', { imGroupOpenDeliverModel: undefined }, 'param.openDeliverModelEmpty'],
    ['a number in the card data', { cardData: { cardParamMap: { amount: 5 } } }, 'invalidParameter'],
    ['an object in private data', { privateData: { lina: { cardParamMap: { a: {} } } } }, 'invalidParameter'],
  ])('given %s, then 400 and no card', async (_name, wrong, code) => {
    expect(await api.call('POST', CREATE_AND_DELIVER, card(wrong))).toMatchObject({ status: 400, body: { code } });
    expect(sandbox.messages(GROUP)).toEqual([]);
    expect((await api.call('POST', CREATE_AND_DELIVER, card())).status).toBe(200);
  });

  test('given create and deliver as two calls, then the same, and delivering what is not there is cardNotExist', async () => {
    const early = await api.call('POST', `${INSTANCES}/deliver`, card());
    expect(early).toMatchObject({ status: 400, body: { code: 'param.cardNotExist' } });

    expect(await api.call('POST', INSTANCES, card())).toEqual({
      status: 200,
      body: { success: true, result: 'card-1' },
    });
    expect(sandbox.messages(GROUP)).toEqual([]);
    const delivered = await api.call('POST', `${INSTANCES}/deliver`, card());
    expect(delivered.body).toMatchObject({ success: true, result: [{ spaceId: GROUP, success: true }] });
    expect(shown()).toMatchObject({ title: '续费' });
  });
});

describe('updating a card', () => {
  beforeEach(async () => {
    await api.call('POST', CREATE_AND_DELIVER, card());
  });

  test('given updateCardDataByKey, then only those variables change, for everybody', async () => {
    const answer = await api.call('PUT', INSTANCES, {
      outTrackId: 'card-1',
      cardData: { cardParamMap: { markdown: 'done' } },
      cardUpdateOptions: { updateCardDataByKey: true },
    });

    expect(answer).toEqual({ status: 200, body: { success: true, result: true } });
    expect(shown('lina')).toMatchObject({ title: '续费', text: 'done', revision: 1 });
    expect(sandbox.messages(GROUP)).toHaveLength(1);
  });

  test('given no options, then the whole map is replaced', async () => {
    await api.call('PUT', INSTANCES, {
      outTrackId: 'card-1',
      cardData: { cardParamMap: { markdown: 'all there is' } },
    });
    expect(shown()).toMatchObject({ title: null, text: 'all there is', buttons: [] });
  });

  test('given private data, then only that person sees it', async () => {
    await api.call('PUT', INSTANCES, {
      outTrackId: 'card-1',
      privateData: { zhangwei: { cardParamMap: { sys_full_json_obj: buttons({ ...APPROVE, disabled: true }) } } },
    });

    expect(shown('zhangwei')).toMatchObject({ buttons: [{ id: 'approve', disabled: true }] });
    expect(shown('lina')).toMatchObject({ buttons: [{ disabled: false }, { disabled: false }] });
    expect(shown()).toMatchObject({ buttons: [{ disabled: false }, { disabled: false }] });
  });

  test.each([
    ['no outTrackId', { cardData: { cardParamMap: {} } }, 'param.outTrackIdEmpty'],
    ['an unknown card', { outTrackId: 'card-2', cardData: { cardParamMap: {} } }, 'param.cardNotExist'],
    ['nothing to change', { outTrackId: 'card-1' }, 'param.cardDataAndPrivateDataBothEmpty'],
    ['a boolean', { outTrackId: 'card-1', cardData: { cardParamMap: { done: true } } }, 'invalidParameter'],
  ])('given %s, then 400 and nothing changes', async (_name, body, code) => {
    expect(await api.call('PUT', INSTANCES, body)).toMatchObject({ status: 400, body: { code } });
    expect(shown()).toMatchObject({ revision: 0 });
  });
});

describe('clicking a button', () => {
  let bot: TestBot;
  beforeEach(async () => {
    bot = await TestBot.connect(sandbox);
    await api.call('POST', CREATE_AND_DELIVER, card());
  });

  test('given a card whose calls name people by unionId, then the callback does', async () => {
    await api.call('POST', CREATE_AND_DELIVER, card({ outTrackId: 'card-2', userIdType: 2 }));
    await sandbox.click('card-2', 'lina', 'approve');
    expect(await bot.received(TOPIC_CARD)).toMatchObject({ userId: 'union-lina', userIdType: 2 });
  });

  test('then the bot gets the callback with who clicked and the parameters of the button', async () => {
    bot.cardResponse = {};
    const result = await sandbox.click('card-1', 'zhangwei', 'approve');

    expect(result).toEqual({ acknowledged: true, code: 200, response: {}, problem: null });
    const content = JSON.stringify({ cardPrivateData: { actionIds: ['approve'], params: { action: 'approve' } } });
    expect(await bot.received(TOPIC_CARD)).toEqual({
      type: 'actionCallback',
      outTrackId: 'card-1',
      corpId: 'dingtestcorp',
      userId: 'zhangwei',
      userIdType: 1,
      spaceType: 'im',
      spaceId: GROUP,
      extension: '{}',
      content,
      value: content,
    });
  });

  test('given card data in the answer, then only the clicker sees it, until everybody gets an update', async () => {
    bot.cardResponse = {
      cardUpdateOptions: { updateCardDataByKey: true },
      cardData: { cardParamMap: { markdown: 'processing' } },
    };
    await sandbox.click('card-1', 'zhangwei', 'approve');

    expect(shown('zhangwei')).toMatchObject({ title: '续费', text: 'processing', revision: 1 });
    expect(shown('lina')).toMatchObject({ text: '**买一个**' });
    expect(shown()).toMatchObject({ text: '**买一个**' });

    await api.call('PUT', INSTANCES, {
      outTrackId: 'card-1',
      cardData: { cardParamMap: { markdown: 'approved by 张伟' } },
      cardUpdateOptions: { updateCardDataByKey: true },
    });
    expect(shown('zhangwei')).toMatchObject({ text: 'approved by 张伟' });
  });

  test("given private data in the answer, then it is the clicker's, and stays over an update", async () => {
    bot.cardResponse = {
      cardUpdateOptions: { updatePrivateDataByKey: true },
      userPrivateData: { cardParamMap: { sys_full_json_obj: buttons() } },
    };
    await sandbox.click('card-1', 'lina', 'reject');
    await api.call('PUT', INSTANCES, {
      outTrackId: 'card-1',
      cardData: { cardParamMap: { markdown: 'next' } },
      cardUpdateOptions: { updateCardDataByKey: true },
    });

    expect(shown('lina')).toMatchObject({ text: 'next', buttons: [] });
    expect(shown('zhangwei')).toMatchObject({ buttons: [{ id: 'approve' }, { id: 'reject' }] });
  });

  test('given an answer that the platform cannot use, then nothing changes and the problem is said', async () => {
    bot.cardResponse = { cardData: { cardParamMap: { amount: 5 } } };
    const result = await sandbox.click('card-1', 'zhangwei', 'approve');

    expect(result).toMatchObject({ acknowledged: true, problem: expect.stringContaining('amount') });
    expect(shown('zhangwei')).toMatchObject({ revision: 0 });
  });

  test('given an answer after the limit, then the click counts as not answered, and nothing changes', async () => {
    const hasty = await startTestSandbox({ behaviour: { callbackTimeoutMs: 30 } });
    const late = await TestBot.connect(hasty);
    late.cardResponse = undefined;
    await new ApiCaller(hasty).call('POST', CREATE_AND_DELIVER, card());

    expect(await hasty.click('card-1', 'zhangwei', 'approve')).toMatchObject({ acknowledged: false, code: null });
    const { headers } = await late.frames.waitFor(() => true);
    late.client.socketCallBackResponse(headers.messageId, {
      cardData: { cardParamMap: { markdown: 'too late' } },
    });
    await hasty.acknowledgements.waitFor((one) => one.topic === TOPIC_CARD);
    expect(hasty.messages(GROUP, { as: 'zhangwei' })).toMatchObject([{ text: '**买一个**', revision: 0 }]);
    await hasty.stop();
  });

  test('given no open connection, then it is not acknowledged', async () => {
    sandbox.faults.killSockets();
    await sandbox.waitForConnections(0);
    expect(await sandbox.click('card-1', 'zhangwei', 'approve')).toMatchObject({ acknowledged: false });
  });

  test.each([
    ['an unknown card', 'card-2', 'zhangwei', 'approve', 404, 'card_unknown'],
    ['a stranger', 'card-1', 'nobody', 'approve', 404, 'card_unknown'],
    ['an unknown button', 'card-1', 'zhangwei', 'pay', 404, 'button_unknown'],
  ])(
    'given %s, then it is refused and the bot hears nothing',
    async (_name, id, userId, actionId, statusCode, code) => {
      await expect(sandbox.click(id, userId, actionId)).rejects.toMatchObject({ statusCode, code });
      expect(bot.frames.entries).toEqual([]);
    },
  );

  test.each([
    ['that is disabled', { disabled: true }, {}, 'button_disabled'],
    ['whose status is disabled', { status: 'disabled' }, {}, 'button_disabled'],
    ['that opens a link', { request: false, url: 'https://e.com' }, {}, 'button_without_callback'],
    ['of a card that does not call back over the stream', {}, { callbackType: 'HTTP' }, 'button_without_callback'],
  ])('given a button %s, then 409', async (_name, button, wrong, code) => {
    const cardData = { cardParamMap: { markdown: 'x', sys_full_json_obj: buttons({ ...APPROVE, ...button }) } };
    await api.call('POST', CREATE_AND_DELIVER, card({ outTrackId: 'card-3', cardData, ...wrong }));

    await expect(sandbox.click('card-3', 'zhangwei', 'approve')).rejects.toMatchObject({ statusCode: 409, code });
    expect(bot.frames.entries).toEqual([]);
  });
});
