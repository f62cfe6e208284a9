import { compose } from './bot/compose.ts';
import type { Clock } from './clock.ts';
import type { ServiceContext } from './services/context.ts';

/** What every process that carries out use cases has in common. */
export function createContext(clock: Clock): ServiceContext {
  return { clock, compose };
}
