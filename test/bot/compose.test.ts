import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compose } from '../../src/bot/compose.ts';
import { parse } from '../../src/bot/parse.ts';
import type { Announcement } from '../../src/domain/announcement.ts';
import type { Audience } from '../../src/services/context.ts';
import type { NoticeContent } from '../../src/store/notices.ts';
import { at, NOW, yuan } from '../support/builders.ts';
import { anAudience, aRenewAction, everyAnnouncement, SWITCH_OFF } from './announcements.ts';
import { hostileText } from './hostile-text.ts';
import { structureOf, wordsOf } from './markdown-structure.ts';

const LANGUAGES = ['zh-CN', 'en'] as const;

function say(announcement: Announcement, overrides: Partial<Audience> = {}): NoticeContent {
  return compose(announcement, anAudience(overrides));
}

/** All that somebody reads of it, without markup. */
function read(content: NoticeContent): string {
  return `${content.title}\n${wordsOf(content.markdown)}`;
}

const commandsOf = (content: NoticeContent) => content.buttons.map(({ command }) => command);

describe('compose: what is told, with its figures (rule 20)', () => {
  const cases: readonly (readonly [string, Announcement, readonly string[], readonly string[]])[] = [
    [
      'a low quota',
      { kind: 'quota_low', level: 1, quota: 9_800n, threshold: 10_000n, share: 100, quotaDays: 3.27, renewal: 'off' },
      ['还剩 9,800 条', '阈值（10,000 条）', '约 3.2 天', '自动续费已关闭'],
      ['9,800 segments', '10,000 segments', 'about 3.2 days', 'Auto-renewal is off'],
    ],
    [
      'a very low quota of a single segment',
      { kind: 'quota_low', level: 2, quota: 1n, threshold: 10_000n, share: 50, quotaDays: 0.4, renewal: 'buys' },
      ['只剩 1 条', '50%', '不到 1 天', '自动购买'],
      ['1 segment left', '50%', 'less than a day', 'buy the next plan'],
    ],
    [
      'an exhausted quota',
      {
        kind: 'quota_exhausted',
        available: yuan('500.125'),
        paygPerDay: yuan('45.2349'),
        runwayDays: 11,
        renewal: 'waits',
      },
      ['按量付费', '¥500.125', '¥45.23', '约 11 天', '等待'],
      ['pay-as-you-go', '¥500.125', '¥45.23', 'about 11 days', 'waits'],
    ],
    [
      'an exhausted quota after a renewal was rejected (rule 17)',
      { kind: 'quota_exhausted', available: 0n, paygPerDay: 0n, runwayDays: null, renewal: 'rejected' },
      ['管理员拒绝了本次购买', '这次不会自动购买', '「购买」', '「设置」'],
      ['rejected the purchase', 'nothing is bought this time', '“buy”', '“settings”'],
    ],
    [
      'a plan that expires',
      {
        kind: 'plan_expiring',
        title: '国内 5 万条',
        remaining: 9_800n,
        expiresAt: at('2026-04-09T12:00'),
        days: 30,
        renewal: 'buys',
      },
      ['30 天内到期', '国内 5 万条', '2026年4月9日 12:00', '9,800 条', '作废'],
      ['within 30 days', '国内 5 万条', 'Apr 9, 2026, 12:00', '9,800 segments', 'forfeited'],
    ],
    [
      'a plan that has expired, with what was forfeited (rule 15)',
      { kind: 'plan_expired', title: '国内 5 万条', forfeited: 1_200n, expiredAt: at('2026-03-10') },
      ['国内 5 万条', '1,200 条', '作废', '2026年3月10日 00:00'],
      ['国内 5 万条', '1,200 segments', 'forfeited', 'Mar 10, 2026, 00:00'],
    ],
    [
      'a balance below the amount that is set: how much is left, for how long, what to do (rule 20)',
      { kind: 'low_balance', available: yuan('80'), below: yuan('100'), runwayDays: 5.2, paygPerDay: yuan('15.3846') },
      ['¥80.00', '低于设置的余额告警线 ¥100.00', '约 5.2 天', '充值'],
      ['¥80.00', 'less than the ¥100.00', 'about 5.2 days', 'recharge'],
    ],
    [
      'a balance below the amount of an account that is not used',
      { kind: 'low_balance', available: yuan('80'), below: yuan('100'), runwayDays: null, paygPerDay: 0n },
      ['¥80.00', '没有用量'],
      ['¥80.00', 'Nothing was used'],
    ],
    [
      'overdue expected, and below the amount: both are said (rule 20)',
      {
        kind: 'overdue_expected',
        available: yuan('90'),
        runwayDays: 2.4,
        paygPerDay: yuan('37.5'),
        below: yuan('100'),
      },
      ['¥90.00', '约 2.4 天', '也已低于设置的余额告警线 ¥100.00', '充值'],
      ['¥90.00', 'about 2.4 days', 'also less than the ¥100.00', 'recharge'],
    ],
    [
      'overdue expected',
      { kind: 'overdue_expected', available: yuan('100'), runwayDays: 2.4, paygPerDay: yuan('41.6667') },
      ['¥100.00', '约 2.4 天', '¥41.67', '充值'],
      ['¥100.00', 'about 2.4 days', '¥41.67', 'recharge'],
    ],
    [
      'overdue and suspended: the least payment that restores, rounded up to what can be paid (rule 9)',
      { kind: 'overdue', available: yuan('-12.3456'), suspended: true, suspendedFrom: NOW },
      ['-¥12.3456', '至少 ¥12.35', '已停发'],
      ['-¥12.3456', 'at least ¥12.35', 'stopped'],
    ],
    [
      'overdue within a grace',
      { kind: 'overdue', available: yuan('-12.34'), suspended: false, suspendedFrom: at('2026-03-11T12:00') },
      ['2026年3月11日 12:00', '至少 ¥12.34'],
      ['Mar 11, 2026, 12:00', 'at least ¥12.34'],
    ],
    [
      'restored',
      { kind: 'restored', available: yuan('487.65') },
      ['恢复正常', '¥487.65'],
      ['Back to normal', '¥487.65'],
    ],
    [
      'a spending spike: this hour, its usual, the cost so far, and how to stop it (rule 20)',
      {
        kind: 'spending_spike',
        destination: 'mainland',
        hour: at('2026-03-10T10:00'),
        segments: 12_345n,
        usual: 200n,
        covered: 12_000n,
        cost: yuan('15.525'),
        available: yuan('487.65'),
        quota: 3_000n,
      },
      ['10:00–11:00', '12,345 条', '61 倍', '200 条', '12,000 条', '¥15.525', '3,000 条', '¥487.65', '暂停'],
      ['10:00–11:00', '12,345 segments', '61 times', '200 segments', '¥15.525', '3,000 segments', 'pause'],
    ],
    [
      'a spending spike to a country without a price',
      {
        ...{ kind: 'spending_spike', destination: 'international', hour: at('2026-03-10T10:00') },
        ...{ segments: 2_001n, usual: 0n, covered: 0n, waiting: 2_000n, cost: yuan('0.3') },
        ...{ available: yuan('487.65'), quota: 3_000n },
      },
      ['2,001 条', '其中暂无价格、有价格后再计费：2,000 条', '¥0.3'],
      ['2,001 segments', 'Without a price yet, billed once there is one: 2,000 segments', '¥0.3'],
    ],
    [
      'a renewal',
      {
        kind: 'renewed',
        trigger: 'expiry',
        changed: { price: yuan('1710'), segments: 50_000n, validityMonths: 12 },
        validityMonths: 12,
        title: '国内 5 万条',
        segments: 50_000n,
        price: yuan('1805'),
        quota: 59_800n,
        balance: yuan('3195.5'),
        expiresAt: at('2027-03-10T12:00'),
      },
      [
        '+50,000 条',
        '10 天内到期',
        '国内 5 万条',
        '续费价 ¥1,710.00 → ¥1,805.00',
        '59,800 条',
        '¥3,195.50',
        '2027年3月10日 12:00',
      ],
      ['+50,000 segments', '¥1,805.00', 'within 10 days', '59,800 segments', '¥3,195.50', 'Mar 10, 2027, 12:00'],
    ],
    [
      'a renewal that failed for lack of balance (rule 14)',
      {
        kind: 'renewal_failed',
        title: '国内 5 万条',
        price: yuan('1805'),
        available: yuan('1500'),
        missing: yuan('305'),
        nextAttemptAt: at('2026-03-11T12:00'),
      },
      ['还差 ¥305.00', '¥1,805.00', '¥1,500.00', '没有购买', '2026年3月11日 12:00'],
      ['¥305.00', '¥1,805.00', '¥1,500.00', 'Nothing was bought', 'Mar 11, 2026, 12:00'],
    ],
    [
      'a renewal that a guard stopped (rule 13)',
      {
        kind: 'renewal_stopped',
        title: '国内 5 万条',
        price: yuan('1805'),
        guard: 'money_per_month',
        nextAttemptAt: at('2026-04-01'),
      },
      ['每月的金额上限', '¥1,805.00', '2026年4月1日 00:00'],
      ['limit of money per month', '¥1,805.00', 'Apr 1, 2026, 00:00'],
    ],
    [
      'a recharge',
      { kind: 'recharged', amount: yuan('500'), balance: yuan('487.65'), available: yuan('1487.65') },
      ['¥500.00', '¥487.65', '¥1,487.65'],
      ['¥500.00', '¥487.65', '¥1,487.65'],
    ],
    [
      'a plan that was added',
      {
        kind: 'plan_added',
        title: '国内 5 万条',
        segments: 50_000n,
        quota: 59_800n,
        expiresAt: at('2027-03-10T12:00'),
      },
      ['+50,000 条', '国内 5 万条', '59,800 条', '2027年3月10日 12:00'],
      ['+50,000 segments', '国内 5 万条', '59,800 segments', 'Mar 10, 2027, 12:00'],
    ],
    [
      "a member's request (rule 16)",
      {
        kind: 'approval_requested',
        approvalId: 'a',
        code: '7F3K',
        action: SWITCH_OFF,
        requesterName: '李娜',
        expiresAt: at('2026-03-11T12:00'),
        secondPerson: false,
      },
      ['7F3K', '李娜', '关闭自动续费', '2026年3月11日 12:00', '管理员'],
      ['7F3K', '李娜', 'turn auto-renewal off', 'Mar 11, 2026, 12:00', 'administrators'],
    ],
    [
      'a renewal to approve, with its quote (rule 17)',
      {
        kind: 'approval_requested',
        approvalId: 'a',
        code: '7F3K',
        action: aRenewAction(),
        requesterName: null,
        expiresAt: at('2026-03-11T12:00'),
        secondPerson: false,
      },
      ['7F3K', '国内短信 5 万条包', '50,000 条', '¥1,805.00'],
      ['7F3K', '国内短信 5 万条包', '50,000 segments', '¥1,805.00'],
    ],
    [
      'a decision, with who and when (rule 17)',
      {
        kind: 'approval_decided',
        action: SWITCH_OFF,
        code: '7F3K',
        requesterName: '李娜',
        confirm: false,
        state: 'approved',
        deciderName: '张伟',
        decidedAt: at('2026-03-10T12:34'),
        outcome: 'done',
        reason: null,
        problem: null,
      },
      ['已批准 7F3K', '李娜', '张伟', '2026年3月10日 12:34', '已关闭'],
      ['Approved 7F3K', '李娜', '张伟', 'Mar 10, 2026, 12:34', 'off from now'],
    ],
    [
      'a switch of auto-renewal',
      { kind: 'auto_renewal_changed', enabled: true, byName: '张伟', threshold: 10_000n, offerTitle: '国内 5 万条' },
      ['张伟', '已开启', '10,000 条', '国内 5 万条', '10 天'],
      ['张伟', 'is on', '10,000 segments', '国内 5 万条', '10 days'],
    ],
  ];

  it.each(cases)('given %s, then title and text say so in both languages', (_, announcement, chinese, english) => {
    for (const part of chinese) expect(read(say(announcement))).toContain(part);
    for (const part of english) expect(read(say(announcement, { language: 'en' }))).toContain(part);
  });

  it('given money beyond what a float can hold, then every digit is told', () => {
    const content = say({ kind: 'restored', available: 123_456_789_012_345_678_901_234n });
    expect(content.markdown).toContain('¥123,456,789,012,345,678.901234');
  });

  it('given another time zone and currency, then times and money are told in them', () => {
    const failed: Announcement = {
      kind: 'renewal_failed',
      title: 'x',
      price: yuan('10'),
      available: 0n,
      missing: yuan('10'),
      nextAttemptAt: at('2026-03-11T12:00'),
    };
    const text = read(say(failed, { language: 'en', timeZone: 'America/New_York', currency: 'USD' }));
    expect(text).toContain('$10.00');
    expect(text).toContain('Mar 11, 2026, 00:00');
    expect(text).toContain('As of Mar 10, 2026, 00:00 (GMT-4)');
  });
});

describe('compose: buttons and the commands that do the same (rule 18)', () => {
  const low: Announcement = {
    kind: 'quota_low',
    level: 1,
    quota: 1n,
    threshold: 2n,
    share: 100,
    quotaDays: null,
    renewal: 'off',
  };

  it('given a low quota, then auto-renewal can be switched the other way', () => {
    expect(commandsOf(say(low))).toEqual(['自动续费 开', '余量']);
    expect(commandsOf(say({ ...low, renewal: 'buys' }))).toEqual(['余量', '自动续费 关']);
    expect(commandsOf(say(low, { language: 'en' }))).toEqual(['auto-renew on', 'quota']);
  });

  it('given a request, then it can be approved and rejected by button, and the decided card has no buttons', () => {
    const approval = { code: '7F3K', action: SWITCH_OFF, requesterName: '李娜' };
    const request = { approvalId: 'a', expiresAt: NOW, secondPerson: false, ...approval };
    const requested = say({ kind: 'approval_requested', ...request });
    expect(requested.buttons).toEqual([
      { id: 'approve-7F3K', label: '批准', style: 'primary', command: '批准 7F3K' },
      { id: 'reject-7F3K', label: '拒绝', style: 'danger', command: '拒绝 7F3K' },
    ]);
    expect(requested.hint).toBe('在群里 @我 发送：「批准 7F3K」或「拒绝 7F3K」');
    const decided = say({
      kind: 'approval_decided',
      ...approval,
      ...{ confirm: false, state: 'rejected', outcome: 'declined', reason: null, problem: null },
      ...{ deciderName: '张伟', decidedAt: NOW },
    });
    expect(decided).toMatchObject({ buttons: [], hint: '', mentions: [] });
  });

  it('given anything announced, then each button says a command in the language, and the hint names them all', () => {
    for (const language of LANGUAGES) {
      for (const announcement of everyAnnouncement('李娜')) {
        const { buttons, hint } = say(announcement, { language });
        for (const { command, label } of buttons) {
          expect(parse(command), command).toMatchObject({ type: 'command', language });
          expect(hint).toContain(command);
          expect([...label].length).toBeLessThanOrEqual(20);
        }
        expect(new Set(buttons.map(({ id }) => id)).size).toBe(buttons.length);
        expect(hint === '').toBe(buttons.length === 0);
      }
    }
  });
});

describe('compose: everything', () => {
  it('given anything announced, then it is complete: a title for a push, the time, the account, no holes', () => {
    for (const language of LANGUAGES) {
      for (const announcement of everyAnnouncement('李娜')) {
        const content = say(announcement, { language });
        expect(content.title.length).toBeGreaterThan(4);
        expect([...content.title].length, content.title).toBeLessThanOrEqual(120);
        expect(content.title).not.toMatch(/[*`\n]/);
        expect(content.markdown).toContain(
          language === 'en' ? 'As of Mar 10, 2026, 12:00 (GMT+8)' : '2026年3月10日 12:00（GMT+8）',
        );
        expect(content.markdown).toContain('示例科技');
        // A picture's figures are no text.
        const { pictures, ...said } = content;
        expect(JSON.stringify(said)).not.toMatch(/\{\{|\}\}|undefined|null|NaN|[a-z]_[a-z]|[a-z]\.[a-z]/);
        expect(wordsOf(content.markdown), 'bold that does not close').not.toContain('*');
      }
    }
  });

  it('given an announcement, then the administrators are mentioned, with clean names (rule 21)', () => {
    const administrators = [
      { staffId: 'zhangwei', name: '张伟\u202e\n' },
      { staffId: 'noname', name: '' },
    ];
    expect(say({ kind: 'restored', available: 0n }, { administrators }).mentions).toEqual([
      { userId: 'zhangwei', name: '张伟' },
      { userId: 'noname', name: 'noname' },
    ]);
  });

  it('given hostile names and titles, then nothing in them becomes markup, a link or a mention', () => {
    const plain = LANGUAGES.map((language) =>
      everyAnnouncement('李娜').map((announcement) => structureOf(say(announcement, { language }).markdown)),
    );
    fc.assert(
      fc.property(hostileText(), hostileText(), (name, accountName) => {
        for (const [i, language] of LANGUAGES.entries()) {
          const texts = everyAnnouncement(name).map((a) => say(a, { language, accountName }));
          expect(texts.map(({ markdown }) => structureOf(markdown))).toEqual(plain[i]);
          for (const { markdown, title } of texts) {
            expect(`${title}${markdown}`.replaceAll('@我', '')).not.toMatch(/[@<]|:\/\/|[\u202a-\u202e\u2066-\u2069]/);
            expect(title).not.toMatch(/[\p{Cc}]/u);
            expect(markdown.length).toBeLessThan(2_000);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
