/** What an approval carries out when it is approved: all that was agreed to, so that nothing else can be done with it. (rule 17) */
export type ApprovalAction =
  | { readonly type: 'switch_auto_renewal'; readonly enabled: boolean }
  | {
      readonly type: 'renew';
      readonly renewalId: string;
      readonly offerId: string;
      readonly offerTitle: string;
      readonly segments: string;
      readonly price: string;
    };

/** An action of a type. */
export type ActionOf<T extends ApprovalAction['type']> = Extract<ApprovalAction, { type: T }>;

/** What came of an approval: carried out, nothing to do, or why it could not be carried out. */
export type ApprovalOutcome = 'done' | 'declined' | 'no_longer_needed' | 'price_changed' | 'not_carried_out';
