import { expect, test } from 'vitest';
import { ALERT_KINDS, ALERT_TABLE } from '../../src/domain/alert-levels.ts';
import { toldFromJson, toldToJson } from '../../src/store/told-json.ts';
import { everyAnnouncement } from '../bot/announcements.ts';
import { NOW } from '../support/builders.ts';

test('given what is told of every alert, then what is read is what was told', () => {
  const kinds = new Set<string>(ALERT_KINDS.flatMap((kind) => ALERT_TABLE[kind].levels.map(({ told }) => told)));
  const alerts = everyAnnouncement('国内 5 万条').filter(({ kind }) => kinds.has(kind));
  expect(new Set(alerts.map(({ kind }) => kind))).toEqual(kinds);
  for (const announcement of alerts) {
    const told = { announcement, at: NOW };
    expect(toldFromJson(JSON.parse(toldToJson(told)))).toEqual(told);
  }
});
