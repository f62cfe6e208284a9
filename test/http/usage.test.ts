import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { RECORD_PROBLEMS } from '../../src/http/record-problem.ts';
import { revokeApiKeys } from '../../src/store/api-keys.ts';
import { inTransaction } from '../../src/store/database.ts';
import { aRecord, balanceOf, bearer, createHttpHarness, type RecordInput, recordsOf, rejectedOf } from './harness.ts';

const http = await createHttpHarness();
const YUAN = 1_000_000n;

async function post(key: string, records: unknown) {
  const response = await http.app.inject({
    method: 'POST',
    url: '/v1/usage',
    headers: bearer(key),
    payload: { records },
  });
  return { status: response.statusCode, body: response.json() };
}

describe('given usage of an account', () => {
  test('when it is posted, then it is recorded and billed before the answer comes', async () => {
    const { id, key } = await http.account();
    const answer = await post(key, [
      aRecord({ segments: 2 }),
      aRecord({ templateType: 'promotion', status: 'failed' }),
      aRecord({ destination: 'international', country: 'SG', status: 'submitted' }),
    ]);
    expect(answer).toEqual({
      status: 200,
      body: { accepted: 3, duplicates: 0, conflicts: [], unpriced: 0, rejected: [] },
    });
    expect(await balanceOf(http.db, id)).toBe(100n * YUAN - 2n * 50_000n - 300_000n);
  });

  test('when the template type is left out or null, then the default of the account is billed (rule 4)', async () => {
    const { id, key } = await http.account();
    const { templateType: _, ...bare } = aRecord();
    await post(key, [bare, aRecord({ templateType: null })]);
    expect((await recordsOf(http.db, id)).map((record) => record.template_type)).toEqual([
      'notification',
      'notification',
    ]);
  });

  test('when it is posted again, in the same body too, then it changes nothing (rule 1)', async () => {
    const { id, key } = await http.account();
    const record = aRecord();
    expect((await post(key, [record, record])).body).toMatchObject({ accepted: 1, duplicates: 1 });
    expect((await post(key, [record])).body).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await balanceOf(http.db, id)).toBe(100n * YUAN - 50_000n);
  });

  test('when an id comes with other facts, then it is a conflict: named, kept and not billed (rule 1)', async () => {
    const { id, key } = await http.account();
    const record = aRecord();
    await post(key, [record]);
    expect((await post(key, [{ ...record, segments: 3 }, aRecord()])).body).toMatchObject({
      accepted: 1,
      conflicts: [record.id],
    });
    expect(await balanceOf(http.db, id)).toBe(100n * YUAN - 2n * 50_000n);
    expect(await rejectedOf(http.db, id)).toMatchObject([{ record_id: record.id, reason: 'conflict' }]);
  });

  test('when there is no price for its country, then it is recorded, counted as unpriced and not billed (rule 5)', async () => {
    const { id, key } = await http.account();
    const record = aRecord({ destination: 'international', country: 'JP' });
    expect((await post(key, [record])).body).toMatchObject({ accepted: 1, unpriced: 1 });
    expect(await balanceOf(http.db, id)).toBe(100n * YUAN);
    expect(await recordsOf(http.db, id)).toMatchObject([{ billing: 'unpriced', country: 'JP' }]);
  });

  test('when a message moves on, then it is charged once (rule 2)', async () => {
    const { id, key } = await http.account();
    const record = aRecord({ status: 'submitted' });
    expect((await post(key, [record])).body).toMatchObject({ accepted: 1 });
    expect(await balanceOf(http.db, id)).toBe(100n * YUAN);
    expect((await post(key, [{ ...record, status: 'delivered' }])).body).toMatchObject({ accepted: 1 });
    expect(await balanceOf(http.db, id)).toBe(100n * YUAN - 50_000n);
  });

  test('when a time is finer than a millisecond, then the rest is cut off, and the same message is still the same', async () => {
    const { id, key } = await http.account();
    const record = aRecord({ at: '2026-03-10T03:59:00.123987654Z' });
    await post(key, [record]);
    expect((await recordsOf(http.db, id))[0]?.at.toString()).toBe('2026-03-10T03:59:00.123Z');
    expect((await post(key, [{ ...record, at: '2026-03-10T11:59:00.123+08:00' }])).body.duplicates).toBe(1);
  });

  test('when a time has more digits than a nanosecond, then it and what came with it are billed all the same', async () => {
    const { id, key } = await http.account();
    const record = aRecord({ at: '2026-03-10T03:59:00.123456789012+08:00' });
    expect(await post(key, [record, aRecord()])).toMatchObject({ status: 200, body: { accepted: 2, rejected: [] } });
    expect((await recordsOf(http.db, id)).map((each) => each.at.toString())).toContain('2026-03-09T19:59:00.123Z');
  });

  test('when it takes the account to where something is to be decided, then the review is woken after the commit', async () => {
    const { id, key } = await http.account();
    await http.db.kysely
      .updateTable('accounts')
      .set({ available_watermark: 99n * YUAN })
      .where('account_id', '=', id)
      .execute();
    await post(key, [aRecord()]);
    expect(http.reviewed).not.toContain(id);
    await post(key, [aRecord({ segments: 25 })]);
    expect(http.reviewed).toContain(id);
  });

  test('when nothing is in the body, then nothing happens', async () => {
    const { key } = await http.account();
    expect(await post(key, [])).toEqual({
      status: 200,
      body: { accepted: 0, duplicates: 0, conflicts: [], unpriced: 0, rejected: [] },
    });
  });

  test('when it spans 90 days, then the months that have no partition yet get one', async () => {
    const { id, key } = await http.account();
    const days = Array.from({ length: 90 }, (_, day) => aRecord({ at: daysAgo(day) }));
    expect((await post(key, days)).body).toMatchObject({ accepted: 90 });
    expect(await recordsOf(http.db, id)).toHaveLength(90);
  });
});

test('given a body of 10,000 records, each in an hour of its own, then all are billed; again, and all are conflicts', async () => {
  const { id, key } = await http.account();
  const records = Array.from({ length: 10_000 }, (_, i) =>
    aRecord({
      id: `r${i}`,
      at: Temporal.Instant.from('2026-03-10T03:00:00Z')
        .subtract({ hours: i % 2_100 })
        .toString(),
      templateType: ['verification', 'notification', 'promotion'][Math.floor(i / 2_100) % 3],
      destination: i >= 6_300 ? 'international' : 'mainland',
      ...(i >= 6_300 ? { country: 'US' } : {}),
      status: 'delivered',
    }),
  );
  expect((await post(key, records)).body).toMatchObject({ accepted: 10_000, rejected: [] });
  const again = await post(
    key,
    records.map((record) => ({ ...record, segments: 2 })),
  );
  expect(again.body).toMatchObject({ accepted: 0, duplicates: 0 });
  expect(again.body.conflicts).toHaveLength(10_000);
  expect(await rejectedOf(http.db, id)).toHaveLength(10_000);
});

const REFUSED: [string, RecordInput, (typeof RECORD_PROBLEMS)[number], string][] = [
  ['no id', { id: undefined }, 'field_missing', 'id'],
  ['an empty id', { id: '' }, 'field_invalid', 'id'],
  ['an id of 201 characters', { id: 'x'.repeat(201) }, 'field_invalid', 'id'],
  ['an id with a line break', { id: 'a\nb' }, 'field_invalid', 'id'],
  ['an id with a NUL', { id: 'a\0b' }, 'field_invalid', 'id'],
  ['an id with half a surrogate', { id: 'a\ud800' }, 'field_invalid', 'id'],
  ['a number as id', { id: 7 }, 'field_invalid', 'id'],
  ['another destination', { destination: 'moon' }, 'field_invalid', 'destination'],
  ['no country abroad', { destination: 'international' }, 'country_missing', 'country'],
  ['a country on the mainland', { country: 'CN' }, 'country_unexpected', 'country'],
  ['the mainland abroad', { destination: 'international', country: 'CN' }, 'country_unexpected', 'country'],
  ['a country in small letters', { destination: 'international', country: 'sg' }, 'field_invalid', 'country'],
  ['a country that is none', { destination: 'international', country: 'ZZ' }, 'country_unknown', 'country'],
  ['another template type', { templateType: 'spam' }, 'field_invalid', 'templateType'],
  ['no segments', { segments: 0 }, 'field_invalid', 'segments'],
  ['half a segment', { segments: 1.5 }, 'field_invalid', 'segments'],
  ['101 segments', { segments: 101 }, 'field_invalid', 'segments'],
  ['segments as text', { segments: '1' }, 'field_invalid', 'segments'],
  ['no status', { status: undefined }, 'field_missing', 'status'],
  ['a null status', { status: null }, 'field_missing', 'status'],
  ['a time without an offset', { at: '2026-03-10T11:59:00' }, 'field_invalid', 'at'],
  ['a day that is none', { at: '2026-02-30T11:59:00Z' }, 'field_invalid', 'at'],
  ['a time 10 minutes and a second ahead', { at: '2026-03-10T12:10:01+08:00' }, 'at_in_future', 'at'],
  ['a time 90 days and a second ago', { at: '2025-12-10T11:59:59+08:00' }, 'at_too_old', 'at'],
  ['a field that is not known', { templatetype: 'promotion' } as RecordInput, 'field_unknown', 'templatetype'],
];

describe('given a body in which one record is wrong', () => {
  test.each(REFUSED)('when it has %s, then it is named, and the others are billed', async (_, wrong, code, field) => {
    const { id, key } = await http.account();
    const bad = aRecord(wrong);
    const { status, body } = await post(key, [aRecord(), bad, aRecord()]);
    expect(status).toBe(200);
    expect(body.accepted).toBe(2);
    expect(body.rejected).toEqual([
      {
        index: 1,
        ...(field === 'id' ? {} : { id: bad.id }),
        code,
        message: expect.stringMatching(new RegExp(`^"${field}" .+\\.$`)),
        messageZh: expect.stringMatching(new RegExp(`^“${field}”.+。$`)),
        field,
      },
    ]);
    expect(await recordsOf(http.db, id)).toHaveLength(2);
  });

  test.each([null, 'text', 7, [], true])('when it is %j, then it is named, and the others are billed', async (bad) => {
    const { key } = await http.account();
    const { body } = await post(key, [bad, aRecord()]);
    expect(body).toMatchObject({ accepted: 1, rejected: [{ index: 0, code: 'record_invalid', field: null }] });
  });

  test('then the times at the very edge are taken', async () => {
    const { key } = await http.account();
    const edges = [aRecord({ at: '2026-03-10T12:10:00+08:00' }), aRecord({ at: '2025-12-10T12:00:00+08:00' })];
    expect((await post(key, edges)).body).toMatchObject({ accepted: 2, rejected: [] });
  });

  test('then every code that there is has been seen here', () => {
    const seen = new Set([...REFUSED.map(([, , code]) => code), 'record_invalid']);
    expect([...RECORD_PROBLEMS].filter((code) => !seen.has(code))).toEqual([]);
  });
});

describe('given a request that cannot be taken as a whole', () => {
  const cases: [string, string | Buffer, Record<string, string>, number, string][] = [
    ['malformed JSON', '{"records":[', {}, 400, 'json_malformed'],
    ['an empty body', '', {}, 400, 'json_malformed'],
    ['text that is not UTF-8', Buffer.from('{"records":[{"id":"caf\u00e9"}]}', 'latin1'), {}, 400, 'json_malformed'],
    ['an array', '[]', {}, 400, 'body_invalid'],
    ['no records', '{}', {}, 400, 'body_invalid'],
    ['records that are no list', '{"records":{}}', {}, 400, 'body_invalid'],
    ['10,001 records', JSON.stringify({ records: Array(10_001).fill(1) }), {}, 413, 'too_many_records'],
    ['more than 4 MiB', `{"records":["${'x'.repeat(4 * 1024 * 1024)}"]}`, {}, 413, 'body_too_large'],
    ['another content type', '{"records":[]}', { 'content-type': 'text/plain' }, 415, 'content_type_unsupported'],
  ];
  test.each(cases)(
    'when it is %s, then it is refused with its code and the next step',
    async (_, payload, headers, status, code) => {
      const { id, key } = await http.account();
      const response = await http.app.inject({
        method: 'POST',
        url: '/v1/usage',
        headers: { 'content-type': 'application/json', ...bearer(key), ...headers },
        payload,
      });
      expect(response.statusCode).toBe(status);
      expect(response.json().error).toMatchObject({ code, message: expect.any(String), next: expect.any(String) });
      expect(await recordsOf(http.db, id)).toEqual([]);
    },
  );

  test('when its key is unknown, malformed, revoked or missing, then the answer is the same and no body is read', async () => {
    const { id, key } = await http.account();
    await inTransaction(http.db, (tx) => revokeApiKeys(tx, id, 'gateway', http.clock.now()));
    const bodies = [];
    for (const wrong of [key, `sk_${'0'.repeat(12)}_${'A'.repeat(43)}`, 'nonsense', `${key.slice(0, -1)}_`]) {
      const response = await http.app.inject({
        method: 'POST',
        url: '/v1/usage',
        headers: { 'content-type': 'application/json', ...bearer(wrong) },
        payload: 'no JSON',
      });
      expect(response.statusCode).toBe(401);
      bodies.push(response.body);
    }
    expect(new Set(bodies).size).toBe(1);
    const without = await http.app.inject({ method: 'POST', url: '/v1/usage', payload: { records: [] } });
    expect(without.json().error).toMatchObject({ code: 'key_unknown', field: 'authorization' });
  });
});

function daysAgo(days: number): string {
  return Temporal.Instant.from('2026-03-10T03:00:00Z')
    .subtract({ hours: 24 * days })
    .toString();
}

test('given two accounts, then the key tells them apart: the same id is a record of each', async () => {
  const [one, two] = [await http.account(), await http.account()];
  const record = aRecord({ id: randomUUID() });
  expect((await post(one.key, [record])).body.accepted).toBe(1);
  expect((await post(two.key, [record])).body.accepted).toBe(1);
});
