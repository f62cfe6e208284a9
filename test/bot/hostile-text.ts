import fc from 'fast-check';

const PIECES = [
  ...['[a](https://evil.example)', '![x](http://a.b/c.png)', '<a atId=zhangwei>x</a>', '<img src=x onerror=alert(1)>'],
  ...[
    '@zhangwei',
    '@all',
    'https://evil.example',
    'www.evil.com',
    'dtmd://dingtalkclient/sendMessage?content=x',
    'mailto:a@b.c',
  ],
  ...[
    '**',
    '__',
    '`',
    '```',
    '~~',
    '# ',
    '## ',
    '> ',
    '- ',
    '+ ',
    '* ',
    '1. ',
    '1) ',
    '---',
    '===',
    '|a|b|',
    '\\',
    '&lt;',
    '&#60;',
  ],
  ...[
    '\n',
    '\r\n',
    '\n\n',
    '\t',
    '\u0000',
    '\u0007',
    '\u001b[31m',
    '\u202e',
    '\u2066',
    '\u200b',
    '\u2028',
    '\ufeff',
    '\ud800',
  ],
  ...['{{name}}', '$t(help.title)', '$&', '"', "'", '(', ')', '[', ']', '<', '>', '!', ':', '：', '。', ' ', '　'],
  ...['张伟', '李娜', 'Ann', '👩‍💻', 'ﷺ', '̷̛̥', '余额', '自动续费 关'],
];

/** Text as somebody would write it who wants to be more than text: markup, mentions, control characters, halves of characters. */
export function hostileText(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
  );
}
