import type { Micro } from './money.ts';
import { type PlanOffer, renewalPrice } from './plan.ts';
import type { Sentence } from './sentence.ts';

/** A version of an offer that takes it off the market: from then on it is not sold. */
export interface Withdrawal {
  readonly id: string;
  readonly version: number;
  readonly effectiveFrom: Temporal.Instant;
  readonly withdrawn: true;
}

/** What an offer is from a time on: sold on these terms, or not sold. */
export type OfferVersion = PlanOffer | Withdrawal;

/** Offers that name no time have always been sold. */
export const ALWAYS = Temporal.Instant.fromEpochMilliseconds(0);

export function isWithdrawal(version: OfferVersion): version is Withdrawal {
  return 'withdrawn' in version;
}

/** An offer as it is at a moment. */
export interface OfferState {
  /** What is sold; where nothing is, what was sold last, or what will be sold first. */
  readonly offer: PlanOffer;
  readonly isSold: boolean;
  /** What it will be next; null where no change is announced. */
  readonly next: OfferVersion | null;
  /** The next end of its sale, which may come after other changes; null where none is announced. */
  readonly end: Withdrawal | null;
}

/** An offer with all of its versions, which are never changed. */
export class Offer {
  readonly id: string;
  /** Ascending by when they begin; of those that begin at once the highest is the last. */
  readonly versions: readonly OfferVersion[];

  /** @throws RangeError when nothing of it was ever to be sold */
  constructor(versions: readonly OfferVersion[]) {
    const [first] = versions;
    if (!first || versions.every(isWithdrawal)) throw new RangeError('an offer has a version that is sold');
    this.id = first.id;
    this.versions = versions.toSorted(
      (a, b) => Temporal.Instant.compare(a.effectiveFrom, b.effectiveFrom) || a.version - b.version,
    );
  }

  /** What is sold at a moment; null where nothing is: the offer has not begun, or was withdrawn. */
  soldAt(at: Temporal.Instant): PlanOffer | null {
    const version = this.#begun(at).at(-1);
    return version && !isWithdrawal(version) ? version : null;
  }

  /** The version of a number, as it was sold; undefined where there is none. */
  version(number: number): PlanOffer | undefined {
    return this.versions.find((version): version is PlanOffer => version.version === number && !isWithdrawal(version));
  }

  /** How it stands at a moment, for who names it, whether it is sold or not. */
  stateAt(at: Temporal.Instant): OfferState {
    const sold = this.soldAt(at);
    const isSellable = (version: OfferVersion): version is PlanOffer => !isWithdrawal(version);
    const offer = sold ?? this.#begun(at).findLast(isSellable) ?? this.versions.find(isSellable);
    if (!offer) throw new RangeError(`nothing of the offer "${this.id}" was ever to be sold`);
    return {
      offer,
      isSold: sold !== null,
      next: this.#after(at).at(0) ?? null,
      end: this.#after(at).find(isWithdrawal) ?? null,
    };
  }

  #begun(at: Temporal.Instant): readonly OfferVersion[] {
    return this.versions.filter(({ effectiveFrom }) => Temporal.Instant.compare(effectiveFrom, at) <= 0);
  }

  /** What it will be, each from its time on. */
  #after(at: Temporal.Instant): readonly OfferVersion[] {
    return this.versions.filter(
      (version) =>
        Temporal.Instant.compare(version.effectiveFrom, at) > 0 &&
        this.#begun(version.effectiveFrom).at(-1) === version,
    );
  }
}

/** What orders the versions of an offer. */
export interface OfferStep {
  readonly version: number;
  readonly effectiveFrom: Temporal.Instant;
  /** Null of a withdrawal. */
  readonly currency: string | null;
}

export function offerStep(version: OfferVersion): OfferStep {
  const { effectiveFrom } = version;
  return { version: version.version, effectiveFrom, currency: isWithdrawal(version) ? null : version.currency };
}

/** What is wrong with a version of an offer, and in which of its fields. */
export interface OfferProblem {
  readonly field: string;
  readonly message: Sentence;
}

/**
 * Why two versions of one offer do not go together; undefined when they do. A higher version does not begin earlier, and is sold in the same
 * currency. One that begins at the same time takes the place of the lower one: so an announcement is corrected.
 */
export function offerVersionProblem(offer: OfferStep, other: OfferStep): OfferProblem | undefined {
  if (offer.currency !== null && other.currency !== null && offer.currency !== other.currency) {
    return {
      field: 'currency',
      message: {
        english: `version ${other.version} is sold in ${other.currency}; use that, or give the offer another id`,
        chinese: `第 ${other.version} 版以 ${other.currency} 出售；请沿用该币种，或换一个套餐 id`,
      },
    };
  }
  const order = Temporal.Instant.compare(offer.effectiveFrom, other.effectiveFrom);
  if (order === 0 || Math.sign(offer.version - other.version) === order) return undefined;
  const [word, hint] = offer.version > other.version ? ['before', 'no earlier'] : ['after', 'no later'];
  const [chineseWord, chineseHint] = offer.version > other.version ? ['早', '不更早'] : ['晚', '不更晚'];
  return {
    field: 'effectiveFrom',
    message: {
      english: `version ${offer.version} cannot begin ${word} version ${other.version}, which begins at ${other.effectiveFrom}; give it a time that is ${hint}`,
      chinese: `第 ${offer.version} 版不能比第 ${other.version} 版${chineseWord}生效（后者自 ${other.effectiveFrom} 起）；请给它一个${chineseHint}的时间`,
    },
  };
}

/** What a plan of another version costs and holds, where that differs. Money in micro-units. */
export interface OfferChange {
  readonly price?: Micro;
  readonly renewalPrice?: Micro;
  readonly segments?: bigint;
  readonly validityMonths?: number;
  readonly title?: string;
}

/** What is different in `to`. The renewal price is named only where there is a discount that makes it another one than the price. */
export function offerChange(from: PlanOffer, to: PlanOffer): OfferChange {
  const isDiscounted = from.renewalDiscountBp > 0 || to.renewalDiscountBp > 0;
  return {
    ...(from.price === to.price ? {} : { price: to.price }),
    ...(isDiscounted && renewalPrice(from) !== renewalPrice(to) ? { renewalPrice: renewalPrice(to) } : {}),
    ...(from.segments === to.segments ? {} : { segments: to.segments }),
    ...(from.validityMonths === to.validityMonths ? {} : { validityMonths: to.validityMonths }),
    ...(from.title === to.title ? {} : { title: to.title }),
  };
}
