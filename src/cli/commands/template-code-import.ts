import { z } from 'zod';
import { bilingual } from '../../domain/sentence.ts';
import { TEMPLATE_TYPES } from '../../domain/usage.ts';
import { issuesIn } from '../../services/file-problems.ts';
import { recordTemplateCodes, setTemplateCodes, type TemplateCodeEntry } from '../../services/template-codes.ts';
import { inTransaction } from '../../store/database.ts';
import type { TemplateCode } from '../../store/template-codes.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';
import { DataFile } from '../data-file.ts';
import { table } from '../output.ts';

const CODE = bilingual(
  'a template code has 1 to 200 characters and no spaces',
  '模板 Code 由 1 到 200 个字符组成，不含空格',
);

const schema = z.strictObject({
  templateCodes: z.record(z.string().regex(/^\S{1,200}$/, CODE), z.enum(TEMPLATE_TYPES)),
});

export const templateCodeImport = defineCommand({
  name: 'template-code import',
  about: "Say what kinds of messages an account's templates make, for receipts that name their template",
  arguments: [
    { name: 'ACCOUNT', about: 'its id or name' },
    {
      name: 'FILE',
      about: 'YAML or JSON: "templateCodes", with a template type for each code, such as SMS_123456: promotion',
    },
  ],
  input: z.object({ ACCOUNT: z.string(), FILE: z.string() }),
  run: async (session, { ACCOUNT, FILE }) => {
    const codes = await readTemplateFile(FILE);
    const { id } = await findAccount(session, ACCOUNT);
    const entries = await inTransaction(session.db, async (tx) => {
      const set = await setTemplateCodes(tx, id, codes);
      await recordTemplateCodes(session.context, tx, id, set);
      return set;
    });
    return { json: { accountId: id, entries }, lines: table(entries.map(toRow)) };
  },
});

async function readTemplateFile(path: string): Promise<TemplateCode[]> {
  const file = await DataFile.read(path);
  const parsed = schema.safeParse(file.value);
  if (!parsed.success) throw file.refuse(issuesIn(schema, file.value));
  return Object.entries(parsed.data.templateCodes).map(([code, templateType]) => ({ code, templateType }));
}

function toRow(entry: TemplateCodeEntry): string[] {
  const { code, templateType, state } = entry;
  if (state !== 'changed') return [state === 'added' ? 'added' : 'is there', code, templateType];
  return ['changed', code, `${entry.before} -> ${templateType}`];
}
