import type { TemplateType } from '../domain/usage.ts';
import { lockAccount } from '../store/accounts.ts';
import type { Tx } from '../store/schema.ts';
import { insertTemplateCodes, readTemplateTypes, type TemplateCode } from '../store/template-codes.ts';

/** What became of a template; `before` is the type that it had. */
export type TemplateCodeEntry = TemplateCode &
  ({ readonly state: 'added' | 'known' } | { readonly state: 'changed'; readonly before: TemplateType });

/**
 * Says what kinds of messages the templates of an account make, for receipts that name their template. It holds for receipts that arrive
 * from then on: a message that is recorded keeps its type. Templates that are not named stay as they are.
 * @throws InputError `account_unknown`
 */
export async function setTemplateCodes(
  tx: Tx,
  accountId: string,
  codes: readonly TemplateCode[],
): Promise<TemplateCodeEntry[]> {
  const account = await lockAccount(tx, accountId);
  const known = await readTemplateTypes(
    tx,
    account.id,
    codes.map(({ code }) => code),
  );
  await insertTemplateCodes(tx, account.id, codes, { replace: true });
  return codes.map((each): TemplateCodeEntry => {
    const before = known.get(each.code);
    if (before === undefined) return { ...each, state: 'added' };
    return before === each.templateType ? { ...each, state: 'known' } : { ...each, state: 'changed', before };
  });
}
