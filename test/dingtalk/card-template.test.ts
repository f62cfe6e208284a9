import { expect, test } from 'vitest';
import { renderCard } from '../../src/dingtalk/card-template.ts';

test('given buttons, then each calls back with its id, in a colour of its style', () => {
  const params = renderCard({
    title: '申请',
    markdown: '**开启自动续费**',
    tips: '24 小时内有效',
    buttons: [
      { id: 'approve', label: '同意', style: 'primary' },
      { id: 'reject', label: '拒绝', style: 'danger' },
      { id: 'later', label: '稍后', style: 'plain' },
    ],
  });
  expect(params).toMatchObject({ title: '申请', markdown: '**开启自动续费**', tips: '24 小时内有效' });
  expect(JSON.parse(params.sys_full_json_obj ?? '')).toEqual({
    msgButtons: [
      { text: '同意', color: 'blue', id: 'approve', request: true },
      { text: '拒绝', color: 'red', id: 'reject', request: true },
      { text: '稍后', color: 'gray', id: 'later', request: true },
    ],
  });
});

test('given a disabled button, then it is shown but does not call back', () => {
  const button = { id: 'approve', label: '已同意', style: 'primary', disabled: true } as const;
  const params = renderCard({ title: '', markdown: '', buttons: [button] });
  expect(JSON.parse(params.sys_full_json_obj ?? '')).toEqual({
    msgButtons: [{ text: '已同意', color: 'gray', id: 'approve', status: 'disabled', request: false }],
  });
});

test('given no buttons and no tips, then the parameters say so, that an update takes away the old ones', () => {
  expect(renderCard({ title: 't', markdown: 'm', buttons: [] })).toEqual({
    title: 't',
    markdown: 'm',
    tips: '',
    sys_full_json_obj: '{"msgButtons":[]}',
  });
});

test('given anything, then every value is a string, as the card API demands', () => {
  const params = renderCard({ title: 't', markdown: 'm', buttons: [{ id: 'a', label: 'A', style: 'plain' }] });
  expect(Object.values(params).every((value) => typeof value === 'string')).toBe(true);
});
