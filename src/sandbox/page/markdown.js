import MarkdownIt from '/vendor/markdown-it.js';
import '/vendor/purify.js';
import { element } from './dom.js';
import { linkTarget } from './links.js';
import { markMentions } from './mentions.js';

// It comes as a script that names itself on the global object: a third of the size of its module.
const { DOMPurify } = globalThis;

const tones = ['red', 'orange', 'yellow', 'green', 'blue', 'gray'];

/** DingTalk's own markup in a card's markdown: `<a atId=userId>name</a>`, `<font color=…>…</font>` and `<br>`. */
function dingtalkMarkup(md) {
  md.inline.ruler.before('html_inline', 'dingtalk_markup', (state, silent) => {
    const rest = state.src.slice(state.pos, state.pos + 400);
    const mention = /^<a\s+atId=["']?([^\s"'<>]{1,100})["']?\s*>([^<>]{0,100})<\/a>/i.exec(rest);
    const fontOpens = mention ? null : /^<font((?:\s+[a-z0-9]+=["']?[#\w.-]+["']?)*)\s*>/i.exec(rest);
    const fontCloses = /^<\/font\s*>/i.exec(rest);
    const lineBreak = /^<br\s*\/?>/i.exec(rest);
    const found = mention ?? fontOpens ?? fontCloses ?? lineBreak;
    if (found === null) return false;
    if (!silent) {
      if (mention) {
        state.push('dingtalk_mention', '', 0).content = mention[2] || mention[1];
      } else if (fontOpens) {
        state.push('dingtalk_font', '', 0).content = `<span class="tone-${toneOf(fontOpens[1])}">`;
      } else if (fontCloses) {
        // Not a nested token: a closing tag may stand alone, and the parser of the result puts that right.
        state.push('dingtalk_font', '', 0).content = '</span>';
      } else {
        state.push('hardbreak', 'br', 0);
      }
    }
    state.pos += found[0].length;
    return true;
  });
  md.renderer.rules.dingtalk_font = (tokens, index) => tokens[index].content;
  md.renderer.rules.dingtalk_mention = (tokens, index) => {
    const name = tokens[index].content.replace(/^@/, '');
    return `<span class="mention">@${md.utils.escapeHtml(name)}</span>`;
  };
}

/** The sandbox's own pictures are shown; one from elsewhere would tell its host who looks, so it becomes a link. */
function picturesAsLinks(md) {
  const { image } = md.renderer.rules;
  md.renderer.rules.image = (tokens, index, options, env, renderer) => {
    const address = tokens[index].attrGet('src') ?? '';
    if (isOwnPicture(address)) return image(tokens, index, options, env, renderer);
    const words = md.utils.escapeHtml(tokens[index].content || address || '…');
    return `<a href="${md.utils.escapeHtml(address)}">${words}</a>`;
  };
}

/** Names (`color=green`) and tokens (`colorTokenV2=common_green1_color`) by their word, numbers (`#ff5219`) by their hue. */
function toneOf(attributes) {
  const color = /\bcolor\w*=["']?([#\w]+)/i.exec(attributes)?.[1]?.toLowerCase() ?? '';
  const named = tones.find((tone) => color.includes(tone));
  if (named) return named;
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/.exec(color);
  if (!hex) return color.includes('grey') ? 'gray' : 'plain';
  const [red, green, blue] = hex.slice(1).map((pair) => Number.parseInt(pair, 16));
  if (Math.max(red, green, blue) - Math.min(red, green, blue) < 40) return 'gray';
  if (red >= green && red >= blue) return green > red * 0.45 ? 'orange' : 'red';
  return green >= blue ? 'green' : 'blue';
}

const rich = new MarkdownIt({ html: false, linkify: true }).use(dingtalkMarkup).use(picturesAsLinks);
const plain = new MarkdownIt('zero', { html: false, linkify: true, breaks: true }).enable(['linkify', 'newline']);
for (const md of [rich, plain]) md.linkify.set({ fuzzyLink: false, fuzzyEmail: false });

const allowed = {
  ALLOWED_TAGS: [
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p', 'br', 'hr', 'blockquote', 'ul', 'ol', 'li', 'pre', 'code'],
    ...['strong', 'em', 's', 'a', 'img', 'span', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
  ],
  ALLOWED_ATTR: ['href', 'src', 'alt', 'title', 'class', 'start'],
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|dtmd:\/\/dingtalkclient\/|dingtalk:\/\/dingtalkclient\/|\/(?!\/))/i,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

/**
 * A message's text as a document fragment that is safe to show. The markdown of a bot's message is rendered with DingTalk's own
 * markup; other text shows as it was typed. `names` maps user ids to names for mentions.
 */
export function renderText(source, { markdown, names }) {
  const html = (markdown ? rich : plain).render(source);
  const fragment = DOMPurify.sanitize(html, allowed);
  for (const link of fragment.querySelectorAll('a')) prepareLink(link);
  for (const table of fragment.querySelectorAll('table')) {
    const frame = element('div', { class: 'table-frame' });
    table.replaceWith(frame);
    frame.append(table);
  }
  markMentions(fragment, names);
  return fragment;
}

/** One line of a message's text without its markdown, for a preview. */
export function plainText(source) {
  const fragment = DOMPurify.sanitize(rich.render(source), allowed);
  return fragment.textContent.replace(/\s+/g, ' ').trim();
}

/** Whether an address is a path of the sandbox itself. */
export function isOwnPicture(address) {
  return /^\/(?!\/)/.test(address);
}

/** Some links of the bot make the person say something. What people type never becomes such a link: it is not read as markdown. */
function prepareLink(link) {
  const target = linkTarget(link.getAttribute('href') ?? '');
  if (target?.send !== undefined) {
    const button = element('button', { type: 'button', class: 'link', 'data-send': target.send });
    button.append(...link.childNodes);
    link.replaceWith(button);
  } else if (target?.open !== undefined) {
    link.href = target.open;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
  } else {
    link.replaceWith(...link.childNodes);
  }
}
