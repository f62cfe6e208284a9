/** A run of digits that may be a phone number, however it is written. */
const NUMBER = /\+?\d[\d\s().-]{4,}\d/g;
/** PostgreSQL keeps neither NUL nor half surrogates in JSON. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const CONTROL = /[\u0000-\u001f\u007f]/g;
const MAX_TEXT = 500;
const MAX_FIELDS = 40;

/**
 * What may be kept of a receipt that could not be read: its fields as text, cut to a sane size, with every number that may be a phone
 * number masked. The fields that `plain` names hold ids and times and stay as they are.
 */
export function maskReceipt(receipt: unknown, plain: ReadonlySet<string>): Readonly<Record<string, string>> {
  const isObject = typeof receipt === 'object' && receipt !== null && !Array.isArray(receipt);
  const fields: [string, unknown][] = isObject ? Object.entries(receipt) : [['value', receipt]];
  return Object.fromEntries(
    fields.slice(0, MAX_FIELDS).map(([name, value]) => {
      const text = toText(value);
      return [maskNumbers(clean(name)), plain.has(name) ? text : maskNumbers(text)];
    }),
  );
}

/** `13800138000` becomes `138******00`. */
function maskNumbers(text: string): string {
  return text.replaceAll(NUMBER, (number) => {
    const digits = number.replaceAll(/\D/g, '');
    return `${digits.slice(0, 3)}${'*'.repeat(digits.length - 5)}${digits.slice(-2)}`;
  });
}

function toText(value: unknown): string {
  return clean(typeof value === 'string' ? value : JSON.stringify(value));
}

function clean(text: string): string {
  return text.slice(0, MAX_TEXT).replaceAll(CONTROL, '').toWellFormed();
}
