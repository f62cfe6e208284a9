import { isIP } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SandboxError } from './errors.ts';

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

/**
 * Keeps pages of other origins from using the sandbox through its user's browser, and gives every answer the headers that keep the
 * sandbox's own page from loading anything from elsewhere.
 * @param host the name or address that the sandbox listens on
 */
export function guardBrowsers(app: FastifyInstance, host: string): void {
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers({ ...HEADERS });
    checkOrigin(request, host);
  });
}

/**
 * The origin has to be the sandbox's own. That is compared with the Host header, so that header must be one that a foreign site cannot
 * have: an address or localhost, not a name that its owner may point at this machine.
 */
function checkOrigin(request: FastifyRequest, host: string): void {
  const { host: named, origin } = request.headers;
  const name = URL.parse(`http://${named}`)?.hostname.replace(/^\[|\]$/g, '') ?? '';
  if (name !== 'localhost' && name !== host && isIP(name) === 0) {
    throw new SandboxError(403, 'foreign_host', {
      english: 'The sandbox is not reached by this name; use localhost or its address.',
      chinese: '不能用这个主机名访问沙盒；请用 localhost 或它的地址。',
    });
  }
  if (origin !== undefined && origin !== `http://${named}`) {
    throw new SandboxError(403, 'foreign_origin', {
      english: 'A page of another origin may not use the sandbox.',
      chinese: '其他来源的网页不能使用沙盒。',
    });
  }
}
