/** Which DingTalk app this is and where the platform answers. */
export interface DingTalkSettings {
  /** The app's key (AppKey); also its robot's code for internal apps. */
  readonly clientId: string;
  readonly clientSecret: string;
  readonly robotCode: string;
  /** Base URL of the new API, without a trailing slash. */
  readonly apiBase: string;
  /** Base URL of the old API and of session webhooks, without a trailing slash. */
  readonly oapiBase: string;
  /** The card template that `renderCard` fills. */
  readonly cardTemplateId: string;
  /**
   * Whether the card template's markdown shows uploaded pictures. The platform documents that messages do, and not whether cards do.
   */
  readonly cardPictures: boolean;
  /** How the robot is called in groups; null when it is not said. Only buttons that stand in for cards need it. */
  readonly robotName: string | null;
}

/** What a setting is when nobody sets it; the one place for these values. */
export const DINGTALK_DEFAULTS = {
  apiBase: 'https://api.dingtalk.com',
  oapiBase: 'https://oapi.dingtalk.com',
  /** The public template "markdown and buttons" that the platform's own SDK ships: any app may use it. */
  cardTemplateId: '1366a1eb-bc54-4859-ac88-517c56a9acb1.schema',
  cardPictures: true,
  robotName: null,
} as const;

export type DingTalkSettingsInput = Pick<DingTalkSettings, 'clientId' | 'clientSecret'> & {
  [Name in 'robotCode' | 'apiBase' | 'oapiBase' | 'cardTemplateId']?: string | undefined;
} & { cardPictures?: boolean | undefined; robotName?: string | null | undefined };

/**
 * Fills in the defaults; an internal app's robot code is its client id.
 *
 * @throws TypeError when a base is not an http(s) URL
 */
export function completeSettings(input: DingTalkSettingsInput): DingTalkSettings {
  return Object.freeze({
    clientId: input.clientId,
    clientSecret: input.clientSecret,
    robotCode: input.robotCode ?? input.clientId,
    apiBase: baseUrl(input.apiBase ?? DINGTALK_DEFAULTS.apiBase),
    oapiBase: baseUrl(input.oapiBase ?? DINGTALK_DEFAULTS.oapiBase),
    cardTemplateId: input.cardTemplateId ?? DINGTALK_DEFAULTS.cardTemplateId,
    cardPictures: input.cardPictures ?? DINGTALK_DEFAULTS.cardPictures,
    robotName: input.robotName ?? DINGTALK_DEFAULTS.robotName,
  });
}

function baseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(
      `"${text}" is not the base URL of an API. Give one like ${DINGTALK_DEFAULTS.apiBase}, or leave it out.`,
    );
  }
  return text.replace(/\/+$/, '');
}
