const DIGITS = '零一二三四五六七八九';
const UNITS = ['', '十', '百', '千'];

/** Other ways to write the same characters: in speech, on cheques, in traditional script. */
const VARIANTS: Readonly<Record<string, string>> = Object.fromEntries(
  [...'〇零两二壹一贰二叁三肆四伍五陆六柒七捌八玖九拾十佰百仟千萬万億亿'.matchAll(/(.)(.)/gu)].map(
    ([, variant = '', character = '']) => [variant, character],
  ),
);

/** What `一万二`, `三千五` and `一百五` leave out at their end. */
const LEFT_OUT: Readonly<Record<string, string>> = { 百: '十', 千: '百', 万: '千', 亿: '千万' };

/**
 * A number in Chinese words: `五千`, `一万二千`, `三千五` (3,500), `一百零五`, `十二`, `二〇二六`. Undefined for what is not said so: a number
 * that is nearly right is wrong, so only what this number would be written as again is taken for it.
 */
export function chineseNumber(text: string): bigint | undefined {
  if (text === '' || text.length > 24) return undefined;
  const said = [...text].map((character) => VARIANTS[character] ?? character).join('');
  if (/^[零一二三四五六七八九]{4,}$/u.test(said)) return said.startsWith('零') ? undefined : digitByDigit(said);
  const [, unit = ''] = /([百千万亿])[一二三四五六七八九]$/u.exec(said) ?? [];
  return [said, said + (LEFT_OUT[unit] ?? '')]
    .map((words) => ({ words, value: sumOf(words) }))
    .find(({ words, value }) => value !== undefined && short(written(value)) === short(words))?.value;
}

function digitByDigit(said: string): bigint {
  return BigInt([...said].map((character) => DIGITS.indexOf(character)).join(''));
}

/** Adds up digits and units without asking whether they stand in order. */
function sumOf(words: string): bigint | undefined {
  let total = 0n;
  let section = 0n;
  let digit = 0n;
  for (const character of words) {
    const unit = UNITS.indexOf(character);
    if (DIGITS.includes(character)) {
      digit = BigInt(DIGITS.indexOf(character));
    } else if (unit > 0) {
      section += (digit === 0n ? 1n : digit) * 10n ** BigInt(unit);
      digit = 0n;
    } else if (character === '万' || character === '亿') {
      total = character === '万' ? total + (section + digit) * 10_000n : (total + section + digit) * 100_000_000n;
      section = 0n;
      digit = 0n;
    } else {
      return undefined;
    }
  }
  return total + section + digit;
}

/** The number in words, below 10^12; other numbers are said in figures. */
function written(value: bigint): string {
  if (value === 0n) return '零';
  const sections = [value / 100_000_000n, (value / 10_000n) % 10_000n, value % 10_000n];
  if ((sections[0] ?? 0n) >= 10_000n) return '';
  return sections.reduce((words, section, index) => {
    if (section === 0n) return words;
    const gap = words !== '' && section < 1_000n ? '零' : '';
    return words + gap + sectionInWords(section) + ['亿', '万', ''][index];
  }, '');
}

function sectionInWords(section: bigint): string {
  const digits = section.toString().padStart(4, '0');
  return [...digits]
    .map((digit, index) => (digit === '0' ? '零' : `${DIGITS[Number(digit)]}${UNITS[3 - index]}`))
    .join('')
    .replaceAll(/零+/gu, '零')
    .replaceAll(/^零|零$/gu, '');
}

/** Ten is 十 or 一十. */
function short(words: string): string {
  return words.replaceAll('一十', '十');
}
