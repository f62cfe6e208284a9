import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import en from '../../src/bot/texts/en.ts';
import zhCn from '../../src/bot/texts/zh-CN.ts';
import {
  BALANCE_LEVEL,
  EXPIRY_DAYS,
  OVERDUE_LEVEL,
  QUOTA_LEVEL,
  RENEWAL_LEVEL,
  RUNWAY_DAYS,
} from '../../src/domain/alert.ts';
import { ALERT_KINDS, ALERT_TABLE, alertName, CRITICAL_NEWS, isCritical } from '../../src/domain/alert-levels.ts';
import { CAP_LEVEL } from '../../src/domain/cap-alert.ts';
import { DEFAULT_SETTINGS } from '../../src/domain/settings.ts';
import { urgencyOf } from '../../src/services/urgency.ts';

const COLUMNS = [
  'alert',
  'one for each',
  'level',
  'name',
  'begins when',
  'critical',
  'ends, and is re-armed, by',
  'told',
  'told at the end',
  '中文',
  'English',
] as const;
type Row = Record<(typeof COLUMNS)[number], string>;

/** The table of the domain's README, by its columns. */
function writtenRows(): Row[] {
  const lines = readFileSync(join(import.meta.dirname, '../../src/domain/README.md'), 'utf8').split('\n');
  const head = lines.findIndex((line) => line.startsWith(`| ${COLUMNS[0]} | ${COLUMNS[1]} |`));
  const cells = (line: string) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
  expect(cells(lines[head] ?? '')).toEqual(COLUMNS);
  const end = lines.findIndex((line, index) => index > head && !line.startsWith('|'));
  return lines
    .slice(head + 2, end)
    .map((line) => Object.fromEntries(COLUMNS.map((name, index) => [name, cells(line)[index] ?? ''])) as Row);
}

/** The same columns, as far as the code knows them. */
function codedRows(): Omit<Row, 'begins when' | 'ends, and is re-armed, by'>[] {
  return ALERT_KINDS.flatMap((kind) => {
    const { subject, levels, toldAtEnd } = ALERT_TABLE[kind];
    return levels.map(({ name, told }, index) => {
      const level = index + 1;
      const key = `alert_name.${alertName({ kind, level })}` as const;
      return {
        alert: kind,
        'one for each': subject,
        level: String(level),
        name,
        critical: isCritical({ kind, level }) ? 'yes' : 'no',
        told,
        'told at the end': toldAtEnd ?? '-',
        中文: zhCn[key],
        English: (en as Record<string, string>)[key] ?? '',
      };
    });
  });
}

describe('the table of alerts (rules 19 and 20)', () => {
  const written = writtenRows();

  it('given every alert and level of the code, then the README has it, and no other', () => {
    const known = written.map(({ 'begins when': _, 'ends, and is re-armed, by': __, ...row }) => row);
    expect(known).toEqual(codedRows());
  });

  it('given a row, then it says when the level begins, and what ends it the same for each level of an alert', () => {
    for (const row of written) expect(row['begins when'].length, row.name).toBeGreaterThan(5);
    for (const kind of ALERT_KINDS) {
      const ends = written.filter(({ alert }) => alert === kind).map((row) => row['ends, and is re-armed, by']);
      expect(new Set(ends).size, kind).toBe(1);
      expect(ends[0]?.length, kind).toBeGreaterThan(5);
    }
  });

  it('given the figures in it, then they are those of the code', () => {
    const begins = (alert: string, name: string) =>
      written.find((row) => row.alert === alert && row.name === name)?.['begins when'] ?? '';
    EXPIRY_DAYS.forEach((days) => {
      expect(begins('plan_expiring', `days_${days}`)).toMatch(new RegExp(`\\b${days} days? before`));
    });
    expect(begins('low_balance', 'soon')).toContain(`less than ${RUNWAY_DAYS} days`);
    expect(begins('low_balance', 'amount')).toContain(`sets (${DEFAULT_SETTINGS.balanceAlert ?? 'none'})`);
    expect(begins('quota', 'very_low')).toContain(`(${DEFAULT_SETTINGS.alertShare} %)`);
  });

  it('given the levels that the rules count by, then they are those of the table', () => {
    const names = (kind: keyof typeof ALERT_TABLE) =>
      Object.fromEntries(ALERT_TABLE[kind].levels.map(({ name }, index) => [name, index + 1]));
    expect(names('quota')).toEqual({
      low: QUOTA_LEVEL.low,
      very_low: QUOTA_LEVEL.veryLow,
      exhausted: QUOTA_LEVEL.exhausted,
    });
    expect(names('low_balance')).toEqual(BALANCE_LEVEL);
    expect(names('overdue')).toEqual(OVERDUE_LEVEL);
    expect(names('cap')).toEqual(CAP_LEVEL);
    expect(names('renewal')).toEqual(RENEWAL_LEVEL);
    expect(ALERT_TABLE.plan_expiring.levels.map(({ name }) => name)).toEqual(EXPIRY_DAYS.map((days) => `days_${days}`));
  });

  it('given what is told of a critical level, then it has texts in both languages, and never waits for the next month', () => {
    for (const kind of CRITICAL_NEWS) {
      expect(
        Object.keys(zhCn).some((key) => key.startsWith(`${kind}.`)),
        kind,
      ).toBe(true);
      expect(
        Object.keys(en).some((key) => key.startsWith(`${kind}.`)),
        kind,
      ).toBe(true);
      expect(urgencyOf({ kind }), kind).toBe('critical');
    }
  });

  it('given a level that an alert does not have, then it is a defect', () => {
    expect(() => isCritical({ kind: 'quota', level: 4 })).toThrow(RangeError);
  });
});
