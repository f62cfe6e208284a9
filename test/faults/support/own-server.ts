import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createLogger } from '../../../src/log.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { findPlace } from '../../../src/store/embedded/place.ts';
import { type EmbeddedPostgres, SHARED_FOLDER, startEmbeddedPostgres } from '../../../src/store/embedded-postgres.ts';
import { migrateToLatest } from '../../../src/store/migrator.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

const logger = createLogger({ level: 'silent' });

/** A migrated database on a server of its own, which may fall, behind a wire that may break. Ends with the tests of the file. */
export class OwnServer {
  /** Through the wire that may break: for replicas. */
  readonly url: string;
  /** Past it: for what the test looks at. */
  readonly db: Database;
  readonly wire: TcpProxy;
  readonly #past: TcpProxy;
  readonly #dataDir: string;
  #server: EmbeddedPostgres;

  private constructor(dataDir: string, server: EmbeddedPostgres, wire: TcpProxy, past: TcpProxy) {
    this.#dataDir = dataDir;
    this.#server = server;
    this.wire = wire;
    this.#past = past;
    this.url = through(wire, server.url);
    this.db = openDatabase({ url: through(past, server.url), logger });
  }

  static async start(): Promise<OwnServer> {
    const folder = await mkdtemp(join(tmpdir(), 'sms-steward-faults-'));
    // As root the server runs as another user, who must be able to enter.
    await chmod(folder, 0o755);
    const dataDir = join(folder, 'data');
    const server = await serverOn(dataDir);
    const { hostname, port } = new URL(server.url);
    const wires = [await TcpProxy.start(hostname, Number(port)), await TcpProxy.start(hostname, Number(port))] as const;
    const own = new OwnServer(dataDir, server, ...wires);
    afterAll(async () => {
      await own.db.close();
      await Promise.all(wires.map((wire) => wire.stop()));
      await own.#server.stop();
      await rm(folder, { recursive: true, force: true });
    });
    await migrateToLatest(own.db);
    return own;
  }

  /** Ends the server as `pg_ctl stop -m immediate` does, and starts it again: every connection breaks, whatever it does. */
  async restart(): Promise<void> {
    const { cluster } = await findPlace(this.#dataDir, SHARED_FOLDER);
    const [pid] = (await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGQUIT');
    await this.#server.failed;
    await this.#server.stop();
    this.#server = await serverOn(this.#dataDir);
    for (const wire of [this.wire, this.#past]) wire.leadTo(Number(new URL(this.#server.url).port));
  }
}

function serverOn(dataDir: string): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir, logger, settings: { fsync: 'off', full_page_writes: 'off' } });
}

function through(wire: TcpProxy, url: string): string {
  const changed = new URL(url);
  changed.hostname = '127.0.0.1';
  changed.port = String(wire.port);
  return changed.href;
}
