import { z } from 'zod';
import { listTariffIds, readTariffs } from '../../store/tariffs.ts';
import { defineCommand } from '../command.ts';
import { formatTime, SUPPLIER_TIME_ZONE, table } from '../output.ts';

export const tariffList = defineCommand({
  name: 'tariff list',
  about: 'Show the tariffs and when each version begins',
  input: z.object({}),
  run: async ({ db }) => {
    const tariffs = [];
    for (const id of await listTariffIds(db.kysely)) tariffs.push(...(await readTariffs(db.kysely, id)));
    const json = tariffs.map(({ id, version, currency, effectiveFrom, mode, planUsageCounts }) => {
      return { id, version, currency, effectiveFrom: effectiveFrom.toString(), mode, planUsageCounts };
    });
    if (tariffs.length === 0) {
      return { json, lines: ['There is no tariff yet; add one with "npm run cli -- tariff import FILE".'] };
    }
    const rows = tariffs.map(({ id, version, currency, mode, effectiveFrom }) => [
      id,
      String(version),
      currency,
      mode,
      formatTime(effectiveFrom, SUPPLIER_TIME_ZONE),
    ]);
    return { json, lines: table([['TARIFF', 'VERSION', 'CURRENCY', 'MODE', 'FROM'], ...rows]) };
  },
});
