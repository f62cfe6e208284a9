/** Cards of the sandbox against `@alicloud/dingtalk`; see `conformance-open-api.test.ts`. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MARKDOWN_WITH_BUTTONS } from '../../src/sandbox/card-templates.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP, GROUP, startTestSandbox } from '../support/sandbox-world.ts';
import { AlibabaClient, card, refusalOf } from './alibaba-client.ts';

const { robotCode } = APP;

let sandbox: Sandbox;
let client: AlibabaClient;

beforeEach(async () => {
  sandbox = await startTestSandbox();
  client = new AlibabaClient(sandbox);
  await client.signIn();
});
afterEach(() => sandbox.stop());

describe('Interactive cards', () => {
  const params = { title: 'T', markdown: 'open' };
  const cardData = { cardParamMap: params };
  const space = { openSpaceId: `dtv1.card//IM_GROUP.${GROUP}`, imGroupOpenDeliverModel: { robotCode } };

  const createAndDeliver = (more: Record<string, unknown> = {}) =>
    client.card.createAndDeliverWithOptions(
      new card.CreateAndDeliverRequest({
        cardTemplateId: MARKDOWN_WITH_BUTTONS,
        outTrackId: 'card-1',
        callbackType: 'STREAM',
        cardData,
        ...space,
        ...more,
      }),
      ...client.signed(card.CreateAndDeliverHeaders),
    );
  const update = (more: Record<string, unknown>) =>
    client.card.updateCardWithOptions(
      new card.UpdateCardRequest({ outTrackId: 'card-1', ...more }),
      ...client.signed(card.UpdateCardHeaders),
    );
  const shownTo = (as: string) => sandbox.messages(GROUP, { as }).at(-1)?.text;

  test('given create and deliver in one, then the carrier is the processQueryKey, and mentions and recipients hold', async () => {
    const imGroupOpenDeliverModel = { robotCode, atUserIds: { lina: '李娜' }, recipients: ['lina', 'zhangwei'] };
    const { body } = await createAndDeliver({ imGroupOpenDeliverModel });

    expect(body).toMatchObject({
      success: true,
      result: {
        outTrackId: 'card-1',
        deliverResults: [{ spaceType: 'IM_GROUP', spaceId: GROUP, success: true, carrierId: expect.any(String) }],
      },
    });
    expect(sandbox.messages(GROUP)).toMatchObject([
      { kind: 'card', title: 'T', text: 'open', mentions: ['lina'], visibleTo: ['lina', 'zhangwei'] },
    ]);
    expect(sandbox.messages(GROUP, { as: 'wangqiang' })).toEqual([]);
  });

  test('given create, then deliver to a person and a group, then one card in two places; an unknown space is in the result', async () => {
    const created = await client.card.createCardWithOptions(
      new card.CreateCardRequest({ cardTemplateId: MARKDOWN_WITH_BUTTONS, outTrackId: 'card-1', cardData }),
      ...client.signed(card.CreateCardHeaders),
    );
    expect(created.body).toMatchObject({ success: true, result: 'card-1' });
    const delivered = await client.card.deliverCardWithOptions(
      new card.DeliverCardRequest({
        outTrackId: 'card-1',
        openSpaceId: `dtv1.card//IM_GROUP.${GROUP};IM_ROBOT.lina;IM_ROBOT.nobody`,
        imGroupOpenDeliverModel: { robotCode },
        imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT', robotCode },
      }),
      ...client.signed(card.DeliverCardHeaders),
    );
    expect(delivered.body?.result?.map(({ success }: { success?: boolean }) => success)).toEqual([true, true, false]);

    await update({ cardData: { cardParamMap: { markdown: 'done' } } });
    expect([sandbox.messages(GROUP), sandbox.messages('direct:lina')]).toMatchObject([
      [{ text: 'done', revision: 1 }],
      [{ text: 'done', revision: 1 }],
    ]);
  });

  test('given private data, then only that viewer sees it; by unionId as well', async () => {
    await createAndDeliver({ privateData: { lina: { cardParamMap: { tips: 'for Li Na' } } } });
    expect([shownTo('lina'), shownTo('zhangwei')]).toEqual(['open\n\nfor Li Na', 'open']);

    await createAndDeliver({
      outTrackId: 'card-2',
      userIdType: 2,
      privateData: { 'union-zhangwei': { cardParamMap: { tips: 'for Zhang Wei' } } },
      imGroupOpenDeliverModel: { robotCode, atUserIds: { 'union-zhangwei': '张伟' } },
    });
    expect([shownTo('lina'), shownTo('zhangwei')]).toEqual(['open', 'open\n\nfor Zhang Wei']);
    expect(sandbox.messages(GROUP).at(-1)).toMatchObject({ mentions: ['zhangwei'] });
  });

  test('given an update, then the whole map is replaced; by key, only what it names', async () => {
    await createAndDeliver();
    await update({
      cardData: { cardParamMap: { tips: 'more' } },
      cardUpdateOptions: { updateCardDataByKey: true },
    });
    expect(sandbox.messages(GROUP).at(-1)).toMatchObject({ title: 'T', text: 'open\n\nmore' });
    expect((await update({ cardData: { cardParamMap: { markdown: 'alone' } } })).body).toMatchObject({
      success: true,
      result: true,
    });
    expect(sandbox.messages(GROUP).at(-1)).toMatchObject({ title: null, text: 'alone' });
  });

  test('given streamed text, then it grows, is replaced where it is full, and the same guid changes nothing', async () => {
    await createAndDeliver();
    const stream = (guid: string, content: string, isFull: boolean) =>
      client.card.streamingUpdateWithOptions(
        new card.StreamingUpdateRequest({
          outTrackId: 'card-1',
          guid,
          key: 'markdown',
          content,
          isFull,
          isFinalize: false,
        }),
        ...client.signed(card.StreamingUpdateHeaders),
      );
    expect((await stream('1', '你', true)).body).toMatchObject({ success: true, result: true });
    await stream('2', '好', false);
    await stream('2', '好', false);
    expect(sandbox.messages(GROUP).at(-1)).toMatchObject({ title: 'T', text: '你好', revision: 2 });
    const unknown = new card.StreamingUpdateRequest({ outTrackId: 'x', guid: '1', key: 'markdown', content: 'x' });
    const refused = client.card.streamingUpdateWithOptions(unknown, ...client.signed(card.StreamingUpdateHeaders));
    expect(await refusalOf(refused)).toMatchObject({ code: 'param.cardNotExist' });
  });

  test.each([
    ['an outTrackId again', {}, 'param.cardAlreadyExist'],
    ['no outTrackId', { outTrackId: '' }, 'param.outTrackIdEmpty'],
    ['no template', { outTrackId: 'card-2', cardTemplateId: '' }, 'param.templateNotExist'],
    ['no space', { outTrackId: 'card-2', openSpaceId: '' }, 'param.openSpaceIdEmpty'],
    ['a space that makes no sense', { outTrackId: 'card-2', openSpaceId: 'x' }, 'param.openSpaceIdInvalid'],
    ['no delivery model', { outTrackId: 'card-2', imGroupOpenDeliverModel: undefined }, 'param.openDeliverModelEmpty'],
    ['a value that is no string', { outTrackId: 'card-2', cardData: { cardParamMap: { n: 1 } } }, 'invalidParameter'],
  ])('given %s, then 400 with its code', async (_name, more, code) => {
    await createAndDeliver();
    expect(await refusalOf(createAndDeliver(more))).toMatchObject({ code, data: { statusCode: 400 } });
    expect(sandbox.messages(GROUP)).toHaveLength(1);
  });

  test('given an update of nothing, or of no card, then 400 with its code', async () => {
    expect(await refusalOf(update({ cardData }))).toMatchObject({ code: 'param.cardNotExist' });
    await createAndDeliver();
    expect(await refusalOf(update({}))).toMatchObject({ code: 'param.cardDataAndPrivateDataBothEmpty' });
  });
});
