import { expect, test } from 'vitest';
import { historyLine } from '../../src/bot/compose/audit.ts';
import { Writer } from '../../src/bot/writer.ts';
import type { AuditEntry, Deed, Doer } from '../../src/domain/audit.ts';
import { NOW } from '../support/builders.ts';
import { wordsOf } from './markdown-structure.ts';

const entry = (deed: Deed, by: Doer = { kind: 'operator' }): AuditEntry => ({
  ...{ id: 'e', at: NOW, by, deed, outcome: 'done', via: 'cli', message: null, approval: null },
});

const said = (of: AuditEntry) =>
  (['zh-CN', 'en'] as const).map((language) => {
    const writer = new Writer({ language, currency: 'CNY', timeZone: 'Asia/Shanghai' });
    return wordsOf(historyLine(writer, of)).replace(/^.*12:00[：:,]? ?/u, '');
  });

test('given notices that the operator sent again or gave up, then the history says who and how many', () => {
  const notices = [
    { id: 'a', reason: 'quota_low' },
    { id: 'b', reason: 'overdue' },
  ];
  expect(said(entry({ type: 'notices_retried', notices }))).toEqual([
    expect.stringMatching(/运维人员.*重发了 2 条没有送达的通知/u),
    expect.stringMatching(/operator sent 2 notices again/iu),
  ]);
  expect(said(entry({ type: 'notices_dropped', notices: notices.slice(1) }))).toEqual([
    expect.stringMatching(/运维人员.*放弃了 1 条没有送达的通知/u),
    expect.stringMatching(/operator gave up 1 notice that/iu),
  ]);
});

test('given an answer to an alert that had another name then, then the history has the name of now', () => {
  const person = { kind: 'person', staffId: 'zhangwei', name: '张伟' } as const;
  const [chinese, english] = said(
    entry({ type: 'alert_acknowledged', alert: 'overdue_expected', level: 1, code: 'K7M' }, person),
  );
  expect(chinese).toContain('即将欠费');
  expect(english).toContain('Overdue soon');
});
