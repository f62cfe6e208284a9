import type { Overview } from '../../services/overview.ts';
import type { Markdown } from '../markdown.ts';
import type { Writer } from '../writer.ts';
import { limitName } from './limits.ts';

/** Why messages may not be sent besides an overdue account, a line each; none where nothing is against it. */
export function stoppedLines(writer: Writer, { account, limits }: Overview): Markdown[] {
  const { pause } = account;
  const reached = limits.filter(({ isReached }) => isReached);
  const over = reached.filter(({ limit, used }) => limit?.stop != null && used < limit.stop);
  const still = reached.filter((state) => !over.includes(state));
  const names = (states: typeof reached) => writer.allOf(states.map(({ key }) => limitName(writer, key)));
  return [
    ...(pause ? [writer.text('sending.paused', { by: writer.name(pause.byName), time: writer.time(pause.at) })] : []),
    ...(still.length > 0 ? [writer.text('sending.capped', { limits: names(still) })] : []),
    ...(over.length > 0 ? [writer.text('sending.capped.over', { limits: names(over) })] : []),
  ];
}
