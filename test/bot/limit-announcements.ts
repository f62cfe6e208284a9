import type { Announcement } from '../../src/domain/announcement.ts';
import type { ApprovalAction } from '../../src/domain/approval.ts';
import { LIMIT_KEYS } from '../../src/domain/limit.ts';
import { NOW, yuan } from '../support/builders.ts';

/** Everything that is asked for about sending and its caps. */
export const LIMIT_ACTIONS: readonly ApprovalAction[] = [
  { type: 'pause' },
  {
    type: 'resume',
    pausedAt: NOW.toString(),
    caps: [{ period: 'day', unit: 'segments', reachedAt: NOW.toString() }],
    left: [{ period: 'month', unit: 'money' }],
    suspended: true,
  },
  { type: 'resume', pausedAt: null, caps: [], left: [], suspended: false },
  {
    type: 'set_limit',
    period: 'day',
    unit: 'segments',
    before: null,
    after: { stop: '20000', warn: '16000' },
    lifts: false,
  },
  {
    type: 'set_limit',
    period: 'month',
    unit: 'money',
    before: { stop: '500000000', warn: null },
    after: null,
    lifts: true,
  },
  {
    type: 'set_limit',
    period: 'month',
    unit: 'money',
    before: { stop: null, warn: '1000000' },
    after: { stop: '9000000', warn: '8000000' },
    lifts: true,
    left: { caps: [{ period: 'day', unit: 'segments' }], reasons: ['suspended', 'paused'] },
  },
];

/** Everything that is announced about sending and its caps, by somebody of this name. */
export function limitAnnouncements(name: string): Announcement[] {
  const values = (unit: 'segments' | 'money') =>
    unit === 'money' ? { stop: yuan('500'), warn: yuan('400') } : { stop: 20_000n, warn: 16_000n };
  return [
    ...LIMIT_KEYS.flatMap(({ period, unit }): Announcement[] => {
      const { stop, warn } = values(unit);
      const when = period === 'day' ? '2026-03-10' : '2026-03';
      return [
        { kind: 'cap_warning', period, unit, stop, warn, in: when, used: warn },
        { kind: 'cap_warning', period, unit, stop: null, warn, in: when, used: warn },
        { kind: 'cap_reached', period, unit, stop, warn: null, in: when, used: stop, at: NOW },
        { kind: 'cap_reached', period, unit, stop, warn: null, in: when, used: stop - 1n, at: NOW },
        {
          ...{ kind: 'cap_reached', period, unit, stop, warn: null, in: when, used: stop, at: NOW },
          left: { caps: [{ period: 'month', unit }], reasons: ['suspended', 'paused'] },
        },
        {
          ...{ kind: 'limit_changed', period, unit, byName: name, before: null, after: { stop, warn }, used: 0n },
          ...{ reasons: [], lifted: false },
        },
        {
          ...{ kind: 'limit_changed', period, unit, byName: name, before: { stop, warn }, after: null, used: stop },
          ...{ reasons: [], lifted: true },
        },
      ];
    }),
    { kind: 'sending_paused', byName: name },
    { kind: 'sending_resumed', byName: name, reasons: [] },
    { kind: 'sending_resumed', byName: name, reasons: ['suspended', 'paused', 'capped'] },
  ];
}
