import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

const compress = promisify(gzip);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/** What the page may load of packages, by the path that it loads it from: a module of the package, and the file beside it to serve. */
const VENDOR: Readonly<Record<string, readonly [string, string]>> = {
  '/vendor/markdown-it.js': ['markdown-it/browser', 'markdown-it.esm.min.mjs'],
  '/vendor/purify.js': ['dompurify', 'purify.min.js'],
};

/**
 * Serves the page's files and the libraries that it uses. Only paths that were listed when the sandbox started are known; a request's
 * path is looked up and never joined to a folder, so it cannot lead out of one.
 */
export function pageFiles(folder: string): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    const files = new Map<string, string>();
    for (const path of filesIn(folder)) {
      const type = TYPES[extname(path)];
      if (type !== undefined) files.set(`/${relative(folder, path).split(sep).join('/')}`, path);
    }
    const index = files.get('/index.html');
    if (index !== undefined) files.set('/', index);
    const require = createRequire(import.meta.url);
    for (const [url, [module, file]] of Object.entries(VENDOR)) {
      files.set(url, join(dirname(require.resolve(module)), file));
    }
    for (const [url, path] of files) {
      const type = url.startsWith('/vendor/') ? TYPES['.js'] : TYPES[extname(path)];
      app.get(url, async (request, reply) => {
        reply
          .type(type ?? 'application/octet-stream')
          .headers({ 'cache-control': 'no-cache', vary: 'accept-encoding' });
        const content = await readFile(path);
        if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(content);
        return reply.header('content-encoding', 'gzip').send(await compress(content));
      });
    }
  };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name));
}
