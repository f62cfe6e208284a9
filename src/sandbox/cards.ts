import { type CardFace, type CardParams, renderCard } from './card-templates.ts';

/** What the platform keeps of a card. Every map is from the name of a template variable to its text. */
export interface CardRecord {
  readonly outTrackId: string;
  readonly templateId: string;
  /** `STREAM` calls back over the stream; without it a click goes nowhere. */
  readonly callbackType: string | null;
  readonly params: CardParams;
  /** Variables that only one viewer sees, by userId. */
  readonly privateData: Readonly<Record<string, CardParams>>;
  /** What a callback's answer changed in the clicker's client alone, by userId, until the next update reaches everyone. */
  readonly clickerData: Readonly<Record<string, CardParams>>;
  /** How often it has changed. */
  readonly revision: number;
  /** How its calls name people: 1 by userId, 2 by unionId. */
  readonly userIdType: 1 | 2;
}

export interface CardUpdate {
  readonly params?: CardParams | undefined;
  readonly privateData?: Readonly<Record<string, CardParams>> | undefined;
  /** true: only the given variables change; false: the given map replaces all of them. */
  readonly byKey: boolean;
  readonly privateByKey: boolean;
}

export interface ClickAnswer {
  readonly cardData?: CardParams | undefined;
  readonly userPrivateData?: CardParams | undefined;
  readonly byKey: boolean;
  readonly privateByKey: boolean;
}

/** What this viewer sees of the card; with nobody given, what everybody sees. */
export function cardFace(card: CardRecord, viewer?: string): CardFace {
  if (viewer === undefined) return renderCard(card.templateId, card.params);
  return renderCard(card.templateId, {
    ...(card.clickerData[viewer] ?? card.params),
    ...card.privateData[viewer],
  });
}

/** The card after `PUT /v1.0/card/instances`: all viewers see the new data, and nobody's own view lags behind. */
export function updateCard(card: CardRecord, update: CardUpdate): CardRecord {
  const privateData = { ...card.privateData };
  for (const [userId, params] of Object.entries(update.privateData ?? {})) {
    privateData[userId] = update.privateByKey ? { ...privateData[userId], ...params } : params;
  }
  const params = update.params;
  return {
    ...card,
    params: params === undefined ? card.params : update.byKey ? { ...card.params, ...params } : params,
    privateData,
    clickerData: params === undefined ? card.clickerData : {},
    revision: card.revision + 1,
  };
}

/** The card after a callback was answered: `cardData` reaches the clicker's client only, as `userPrivateData` does by definition. */
export function answerClick(card: CardRecord, userId: string, answer: ClickAnswer): CardRecord {
  const { cardData, userPrivateData } = answer;
  if (cardData === undefined && userPrivateData === undefined) return card;
  const seen = card.clickerData[userId] ?? card.params;
  return {
    ...card,
    clickerData:
      cardData === undefined
        ? card.clickerData
        : { ...card.clickerData, [userId]: answer.byKey ? { ...seen, ...cardData } : cardData },
    privateData:
      userPrivateData === undefined
        ? card.privateData
        : {
            ...card.privateData,
            [userId]: answer.privateByKey ? { ...card.privateData[userId], ...userPrivateData } : userPrivateData,
          },
    revision: card.revision + 1,
  };
}
