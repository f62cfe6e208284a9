import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { signedHeaders } from '../../src/webhooks/signature.ts';
import { at } from '../support/builders.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

const SECRET = 'whsec_4-_example';
const BODY = '{"event":"sending.changed","note":"短信 ✓"}';
const SENT = at('2026-03-10T12:00:00.999');
const SECONDS = 1_773_115_200;

type Check = (headers: Record<string, string>, body: Uint8Array, secret: string, now?: number) => boolean;

/** The example of docs/gateway.md, as a gateway would copy it. */
async function example(): Promise<Check> {
  const text = readFileSync(join(import.meta.dirname, '../../docs/gateway.md'), 'utf8');
  const [, code] = /```js\n(.*?)```/s.exec(text) ?? [];
  if (code === undefined) throw new Error('docs/gateway.md has no example');
  const file = join(await scratchFolder(), 'example.mjs');
  writeFileSync(file, code);
  const { isFromSteward } = (await import(pathToFileURL(file).href)) as { isFromSteward: Check };
  return isFromSteward;
}

describe('the signature', () => {
  test('given a call, then the timestamp is of when it was sent, in whole seconds', () => {
    expect(signedHeaders(SECRET, 'e', BODY, SENT)).toMatchObject({
      'steward-event-id': 'e',
      'steward-timestamp': String(SECONDS),
    });
  });

  test("given the browser's own cryptography, then it verifies what is signed and nothing else", async () => {
    const { 'steward-timestamp': timestamp, 'steward-signature': signature } = signedHeaders(SECRET, 'e', BODY, SENT);
    const bytes = (text: string) => new TextEncoder().encode(text);
    const key = await crypto.subtle.importKey('raw', bytes(SECRET), { name: 'HMAC', hash: 'SHA-256' }, false, [
      'verify',
    ]);
    const verify = (text: string) =>
      crypto.subtle.verify('HMAC', key, Buffer.from(signature.slice(3), 'hex'), bytes(text));
    expect(signature).toMatch(/^v1=[0-9a-f]{64}$/);
    expect(await verify(`${timestamp}.${BODY}`)).toBe(true);
    expect(await verify(`${timestamp}.${BODY} `)).toBe(false);
    expect(await verify(`${Number(timestamp) + 1}.${BODY}`)).toBe(false);
  });

  const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
  test.skipIf(!hasOpenssl)('given openssl as the documentation calls it, then it comes to the same', () => {
    const { 'steward-timestamp': timestamp, 'steward-signature': signature } = signedHeaders(SECRET, 'e', BODY, SENT);
    const command = `printf '%s.%s' "$TIMESTAMP" "$BODY" | openssl dgst -sha256 -hmac "$SECRET"`;
    const documented = readFileSync(join(import.meta.dirname, '../../docs/gateway.md'), 'utf8');
    expect(documented).toContain(command);
    const said = execFileSync('sh', ['-c', command], {
      env: { ...process.env, TIMESTAMP: timestamp, BODY, SECRET },
      encoding: 'utf8',
    });
    expect(said.trim().endsWith(signature.slice(3))).toBe(true);
  });

  test('given the example of the documentation, then it takes what is genuine and new, and refuses the rest', async () => {
    const isFromSteward = await example();
    const headers = { ...signedHeaders(SECRET, 'e', BODY, SENT) };
    const body = new TextEncoder().encode(BODY);
    expect(isFromSteward(headers, body, SECRET, SECONDS + 299)).toBe(true);
    expect(isFromSteward(headers, body, SECRET, SECONDS + 301)).toBe(false);
    expect(isFromSteward(headers, body, `${SECRET}x`, SECONDS)).toBe(false);
    expect(isFromSteward(headers, body.slice(1), SECRET, SECONDS)).toBe(false);
    const later = { ...headers, 'steward-timestamp': String(SECONDS + 100) };
    expect(isFromSteward(later, body, SECRET, SECONDS + 100)).toBe(false);
    expect(isFromSteward({ ...headers, 'steward-signature': 'v1=' }, body, SECRET, SECONDS)).toBe(false);
    expect(isFromSteward({}, body, SECRET, SECONDS)).toBe(false);
  });
});
