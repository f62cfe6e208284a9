import type { TemplateType } from '../domain/usage.ts';
import { lockAccount } from '../store/accounts.ts';
import type { Tx } from '../store/schema.ts';
import { insertTemplateCodes, readTemplateTypes, type TemplateCode } from '../store/template-codes.ts';
import { operatorOf, record } from './audit.ts';
import type { ServiceContext } from './context.ts';

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

/** Enters what was set into the audit; nothing where all was so already. */
export async function recordTemplateCodes(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  entries: readonly TemplateCodeEntry[],
): Promise<void> {
  const codes = entries
    .filter(({ state }) => state !== 'known')
    .map((entry) => ({
      code: entry.code,
      before: entry.state === 'changed' ? entry.before : null,
      after: entry.templateType,
    }));
  if (codes.length === 0) return;
  await record(context, tx, accountId, { by: operatorOf(context), deed: { type: 'template_codes_set', codes } });
}
