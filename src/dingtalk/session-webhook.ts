import type { DingTalkSettings } from './settings.ts';

/** The platform's own hosts, in China and abroad. */
const PLATFORM_HOST = /^([a-z0-9-]+\.)*dingtalk\.(com|io)$/;

/**
 * Whether the bot may post to the address that came with a message: only to the hosts that it is configured for, and, when these are the
 * platform's, to others of the platform's over TLS. Anything else could make the bot call into its own network.
 */
export function isSessionWebhookAllowed(webhookUrl: string, settings: DingTalkSettings): boolean {
  const url = URL.parse(webhookUrl);
  if (url === null || url.username !== '' || url.password !== '') return false;
  const bases = [new URL(settings.apiBase), new URL(settings.oapiBase)];
  if (bases.some(({ origin }) => origin === url.origin)) return true;
  const isPlatform = bases.some((base) => base.protocol === 'https:' && PLATFORM_HOST.test(base.hostname));
  return isPlatform && url.protocol === 'https:' && url.port === '' && PLATFORM_HOST.test(url.hostname);
}
