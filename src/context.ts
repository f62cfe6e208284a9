import { summarizeAction } from './bot/compose/approvals.ts';
import { composeOperatorAlert } from './bot/compose/operator.ts';
import { compose } from './bot/compose.ts';
import type { Clock } from './clock.ts';
import type { ServiceContext } from './services/context.ts';
import { PastIds } from './services/past-ids.ts';
import type { Language } from './store/groups.ts';

/** Where whoever runs the service is told what only they can mend; all empty: in the log. */
export interface OperatorSettings {
  /** The open conversation id of their group. */
  readonly conversationId: string | null;
  /** Told directly where there is no group, or it cannot be reached. */
  readonly staffIds: readonly string[];
  readonly language: Language;
}

export const NO_OPERATOR_CHANNEL: OperatorSettings = { conversationId: null, staffIds: [], language: 'zh-CN' };

export type ContextSettings = Pick<ServiceContext, 'billWait'> & { readonly operator?: OperatorSettings };

/** What every process that carries out use cases has in common. */
export function createContext(
  clock: Clock,
  { billWait, operator = NO_OPERATOR_CHANNEL }: ContextSettings = {},
): ServiceContext {
  const { conversationId, staffIds, language } = operator;
  return {
    clock,
    compose,
    summarize: summarizeAction,
    pastIds: new PastIds(),
    operator: { conversationId, staffIds, compose: (alert, at) => composeOperatorAlert(alert, language, at) },
    ...(billWait && { billWait }),
  };
}
