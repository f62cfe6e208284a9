import type { PlanOffer } from '../domain/plan.ts';
import type { Language } from '../store/groups.ts';
import { numberOf } from './arguments/index.ts';
import { normalize } from './parse.ts';
import { commandText, VOCABULARY } from './vocabulary.ts';

/** What somebody wants to buy, as they said it. */
export interface SaidWish {
  /** '' where nothing was said. */
  readonly offer: string;
  /** Auto-renewal that is to begin with it: threshold and offer as they were said, '' where they were not. */
  readonly renewal: { readonly threshold: string; readonly offer: string } | null;
}

const RENEWAL_WORDS = [...VOCABULARY['auto-renew']['zh-CN'], ...VOCABULARY['auto-renew'].en]
  .toSorted((a, b) => b.length - a.length)
  .join('|');
const RENEWAL = new RegExp(
  `(?:并且?|同时|加|and|with|,|;)? ?(?:开启|打开|开通|turn on)? ?(?:${RENEWAL_WORDS})(?:开启|打开|开| on)?`,
  'u',
);
const BEFORE_THRESHOLD = /^[\s:,，]*(?:阈值|低于|降到|threshold|below|at)?[\s:是为]*/u;
/** What stands between the threshold and the offer that is renewed with. */
const BEFORE_OFFER = /[\s,;]*(?:续费套餐|续购|购买|套餐|买|offer|plan|buying|buy)[\s:]*/u;

/** Takes apart what was said after `购买`: `2`, `5万条`, `sms-50000 自动续费 5000`, `2 自动续费 5000 买 3`. */
export function readWish(argument: string): SaidWish {
  const found = RENEWAL.exec(argument);
  if (!found) return { offer: argument.trim(), renewal: null };
  const rest = argument.slice(found.index + found[0].length).replace(BEFORE_THRESHOLD, '');
  const between = BEFORE_OFFER.exec(rest);
  const [threshold, offer] = between
    ? [rest.slice(0, between.index), rest.slice(between.index + between[0].length)]
    : [rest, ''];
  return {
    offer: argument.slice(0, found.index).trim(),
    renewal: { threshold: threshold.trim(), offer: offer.trim() },
  };
}

/** The command that says a wish; {@link readWish} reads it. */
export function wishCommand(
  language: Language,
  offerId: string,
  renewal: { threshold: bigint; offerId: string } | null,
): string {
  const words = [offerId];
  if (renewal) {
    const { threshold, offerId: renewed } = renewal;
    // Named also where it is the same: what is not said is what the policy has.
    words.push(
      VOCABULARY['auto-renew'][language][0],
      threshold.toString(),
      language === 'en' ? 'buying' : '买',
      renewed,
    );
  }
  return commandText(language, 'buy', words.join(' '));
}

/**
 * The offer that is meant: by its number in the list, from 1, by its id or title, by its segments (`5万条`), or by a part of its title
 * that no other one has.
 */
export function findOffer(offers: readonly PlanOffer[], said: string): PlanOffer | undefined {
  const wanted = compact(said.replace(/^(第|no\.? ?|#)/u, '').replace(/(个|号)$/u, ''));
  if (wanted === '') return undefined;
  if (/^[1-9]\d?$/.test(wanted) && offers[Number(wanted) - 1]) return offers[Number(wanted) - 1];
  const exact = findNamed(offers, wanted);
  if (exact) return exact;
  const segments = numberOf(wanted.replace(/(的?套餐|包)$/u, ''));
  const alike =
    segments === undefined
      ? offers.filter(({ title }) => compact(title).includes(wanted))
      : offers.filter((offer) => offer.segments === segments);
  return alike.length === 1 ? alike[0] : undefined;
}

/** The offer of which this is the id or the title. */
export function findNamed(offers: readonly PlanOffer[], said: string): PlanOffer | undefined {
  const wanted = compact(said);
  return offers.find(({ id, title }) => compact(id) === wanted || compact(title) === wanted);
}

/** As the parser leaves it, without spaces. */
function compact(text: string): string {
  return normalize(text).replaceAll(' ', '');
}
