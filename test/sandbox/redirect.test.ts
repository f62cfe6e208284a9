import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startTestSandbox } from '../support/sandbox-world.ts';

const PRELOAD = new URL('../../src/sandbox/redirect.mjs', import.meta.url).href;
const TOKEN = '/gettoken?appkey=dingtestapp&appsecret=test-secret';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.stop());

/** What a program prints that was started with the preload. */
async function run(program: string, address: string | undefined, type: 'module' | 'commonjs'): Promise<string> {
  const env = { PATH: process.env.PATH, ...(address === undefined ? {} : { DINGTALK_SANDBOX_URL: address }) };
  const args = ['--import', PRELOAD, `--input-type=${type}`, '-e', program];
  return (await promisify(execFile)(process.execPath, args, { env })).stdout.trim();
}

const PRINT = `(response) => response.on('data', (data) => console.log(response.statusCode, String(data)))`;

describe('the preload that points a bot at the sandbox', () => {
  test.each([
    ['get with an address', `get('https://oapi.dingtalk.com${TOKEN}', print)`],
    ['get with a URL and options', `get(new URL('https://oapi.dingtalk.com${TOKEN}'), { timeout: 9000 }, print)`],
    [
      'request with options alone, with an agent and a host header',
      `request({ host: 'oapi.dingtalk.com', port: 443, path: '${TOKEN}', agent: new https.Agent(), headers: { Host: 'oapi.dingtalk.com' } }, print).end()`,
    ],
    [
      'request with a URL and a method',
      `request('https://oapi.dingtalk.com${TOKEN}', { method: 'GET' }).on('response', print).end()`,
    ],
  ])('given https.%s, by import and by require, then the sandbox answers', async (_name, call) => {
    const esm = `import https, { get, request } from 'node:https'; const print = ${PRINT}; ${call}`;
    const cjs = `const https = require('https'); const { get, request } = https; const print = ${PRINT}; ${call}`;
    const answers = await Promise.all([run(esm, sandbox.url, 'module'), run(cjs, sandbox.url, 'commonjs')]);
    for (const answer of answers) expect(answer).toMatch(/^200 .*"errcode":0/);
  });

  test.each([
    ['an address', `fetch('https://oapi.dingtalk.com${TOKEN}')`],
    ['a URL', `fetch(new URL('https://oapi.dingtalk.com${TOKEN}'))`],
    ['a Request', `fetch(new Request('https://oapi.dingtalk.com${TOKEN}'))`],
    ['an address of the sandbox', `fetch(process.env.DINGTALK_SANDBOX_URL + '${TOKEN}')`],
  ])('given fetch with %s, then the sandbox answers', async (_name, call) => {
    const program = `const response = await ${call}; console.log(response.status, await response.text());`;
    expect(await run(program, sandbox.url, 'module')).toMatch(/^200 .*"errcode":0/);
  });

  test('given no address of a sandbox, then the program does not start', async () => {
    await expect(run('console.log(1)', undefined, 'module')).rejects.toThrow('Set DINGTALK_SANDBOX_URL');
  });
});
