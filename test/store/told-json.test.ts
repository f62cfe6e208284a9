import { expect, test } from 'vitest';
import { toldFromJson, toldToJson } from '../../src/store/told-json.ts';
import { everyAnnouncement } from '../bot/announcements.ts';

test('given every announcement there is, then what is read is what was told', () => {
  for (const announcement of everyAnnouncement('国内 5 万条')) {
    expect(toldFromJson(JSON.parse(toldToJson(announcement)))).toEqual(announcement);
  }
});
