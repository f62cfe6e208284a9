import type { TemplateType } from '../domain/usage.ts';
import type { Executor, Tx } from './schema.ts';

/** A message template of the carrier's platform, and what kind of messages it makes. */
export interface TemplateCode {
  readonly code: string;
  readonly templateType: TemplateType;
}

/** What is known of these templates of an account, by code. */
export async function readTemplateTypes(
  db: Executor,
  accountId: string,
  codes: readonly string[],
): Promise<Map<string, TemplateType>> {
  if (codes.length === 0) return new Map();
  const rows = await db
    .selectFrom('template_codes')
    .select(['template_code', 'template_type'])
    .where('account_id', '=', accountId)
    .where('template_code', 'in', codes)
    .execute();
  return new Map(rows.map((row) => [row.template_code, row.template_type]));
}

/** All templates of an account. */
export async function readTemplateCodes(db: Executor, accountId: string): Promise<TemplateCode[]> {
  const rows = await db
    .selectFrom('template_codes')
    .select(['template_code', 'template_type'])
    .where('account_id', '=', accountId)
    .orderBy('template_code')
    .execute();
  return rows.map((row) => ({ code: row.template_code, templateType: row.template_type }));
}

/** Adds templates; one that is known already keeps its type, or with `replace` takes the new one. */
export async function insertTemplateCodes(
  tx: Tx,
  accountId: string,
  codes: readonly TemplateCode[],
  { replace = false }: { readonly replace?: boolean } = {},
): Promise<void> {
  if (codes.length === 0) return;
  await tx
    .insertInto('template_codes')
    .values(
      codes.map(({ code, templateType }) => ({
        account_id: accountId,
        template_code: code,
        template_type: templateType,
      })),
    )
    .onConflict((oc) => {
      const conflict = oc.columns(['account_id', 'template_code']);
      if (!replace) return conflict.doNothing();
      return conflict.doUpdateSet((eb) => ({ template_type: eb.ref('excluded.template_type') }));
    })
    .execute();
}
