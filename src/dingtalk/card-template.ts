/** A button on a card. Its `id` comes back as the click's `actionId`. */
export interface CardButton {
  readonly id: string;
  readonly label: string;
  readonly style: 'primary' | 'danger' | 'plain';
  /** Shown, but a click does nothing. */
  readonly disabled?: boolean;
}

export interface CardContent {
  readonly title: string;
  readonly markdown: string;
  readonly buttons: readonly CardButton[];
  /** A small line under the text. */
  readonly tips?: string;
}

const COLORS = { primary: 'blue', danger: 'red', plain: 'gray' } as const;

/**
 * The parameters of the default template, "markdown and buttons" (1366a1eb). Always all of them: an update changes only the keys that it
 * is given, so a card without buttons has to say that it has none. Every value is a string, as the card API demands.
 */
export function renderCard(content: CardContent): Record<string, string> {
  return {
    title: content.title,
    markdown: content.markdown,
    tips: content.tips ?? '',
    // The template takes all that is not a string in this one variable.
    sys_full_json_obj: JSON.stringify({ msgButtons: content.buttons.map(renderButton) }),
  };
}

function renderButton({ id, label, style, disabled }: CardButton): Record<string, unknown> {
  // `request` makes a click a callback; without it the button is only a picture of one.
  if (disabled) return { text: label, color: 'gray', id, status: 'disabled', request: false };
  return { text: label, color: COLORS[style], id, request: true };
}
