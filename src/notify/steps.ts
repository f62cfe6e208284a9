/**
 * The steps of a delivery, in their order. What was decided and committed before is a row in `notices`; a process may end before and after
 * each step, and nothing is lost:
 *
 * - `lease`: notices that are due are taken for a while, so that no other process says them meanwhile
 * - `merge`: what waits behind one of them for the same recipient is bound to it, for good
 * - `send`: it is said through DingTalk, after its turn within the limits has come
 * - `mark`: what became of it is recorded, and the lease ends
 */
export const DELIVERY_STEPS = ['lease', 'merge', 'send', 'mark'] as const;

export type DeliveryStep = (typeof DELIVERY_STEPS)[number];
