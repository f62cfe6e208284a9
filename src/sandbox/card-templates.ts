import { z } from 'zod';

/** A button as a conversation shows it. `url` is what a click opens; null where the click calls back to the bot. */
export interface Button {
  readonly id: string;
  readonly label: string;
  readonly style: string;
  readonly disabled: boolean;
  readonly url: string | null;
}

/** A button with what only the platform knows: whether a click calls back, and the parameters that it sends then. */
export interface CardButton extends Button {
  readonly callsBack: boolean;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface CardFace {
  readonly title: string | null;
  readonly text: string;
  readonly buttons: readonly CardButton[];
}

export type CardParams = Readonly<Record<string, string>>;

/** DingTalk's public template of markdown with buttons; any app may use it. */
export const MARKDOWN_WITH_BUTTONS = '1366a1eb-bc54-4859-ac88-517c56a9acb1.schema';
const MARKDOWN_ONLY = '589420e2-c1e2-46ef-a5ed-b8728e654da9.schema';

const msgButtonSchema = z.looseObject({
  text: z.string(),
  color: z.string().optional(),
  id: z.union([z.string(), z.number()]).transform(String).optional(),
  request: z.boolean().optional(),
  params: z.record(z.string(), z.unknown()).optional(),
  url: z.string().optional(),
  status: z.string().optional(),
  disabled: z.boolean().optional(),
});

const fullJsonSchema = z.looseObject({ msgButtons: z.array(msgButtonSchema).optional() });

/**
 * What a card shows for these parameters. The public markdown templates are shown as they are; of any other template only the
 * platform knows the layout, so its parameters are listed. A `sys_full_json_obj` that is not what the template expects shows no
 * buttons, as on the platform.
 */
export function renderCard(templateId: string, params: CardParams): CardFace {
  if (templateId !== MARKDOWN_WITH_BUTTONS && templateId !== MARKDOWN_ONLY) {
    const lines = Object.entries(params).map(([key, value]) => `${key}: ${value}`);
    return { title: null, text: lines.join('\n'), buttons: [] };
  }
  const text = [params.markdown, params.tips].filter((part) => part !== undefined && part !== '').join('\n\n');
  return {
    title: params.title ?? null,
    text,
    buttons: templateId === MARKDOWN_WITH_BUTTONS ? msgButtons(params.sys_full_json_obj) : [],
  };
}

function msgButtons(json: string | undefined): CardButton[] {
  if (json === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return [];
  }
  const parsed = fullJsonSchema.safeParse(value);
  if (!parsed.success) return [];
  return (parsed.data.msgButtons ?? []).map((button, index) => ({
    id: button.id ?? String(index + 1),
    label: button.text,
    style: button.color ?? 'gray',
    disabled: button.disabled === true || button.status === 'disabled',
    url: button.request === true ? null : (button.url ?? null),
    callsBack: button.request === true,
    params: button.params ?? {},
  }));
}
