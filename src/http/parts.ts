import type { Logger } from '../log.ts';
import type { ServiceContext } from '../services/context.ts';
import type { Database } from '../store/database.ts';
import type { SendingReader } from '../store/sending-reader.ts';
import type { Intake } from './intake.ts';
import type { KeyGuard } from './key-guard.ts';

/** What the service needs, each with how it is. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, { readonly ok: boolean }>>;
}

/** What the routes work with. */
export interface HttpParts {
  readonly db: Database;
  readonly context: ServiceContext;
  readonly logger: Logger;
  readonly guard: KeyGuard;
  readonly intake: Intake;
  readonly sending: SendingReader;
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: (() => Promise<{ contentType: string; body: string }>) | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key came with the request; empty before that is known. */
    accountId: string;
  }
}
