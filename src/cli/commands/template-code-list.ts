import { z } from 'zod';
import { readTemplateCodes } from '../../store/template-codes.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';
import { table } from '../output.ts';

export const templateCodeList = defineCommand({
  name: 'template-code list',
  about: "Show the template types of an account's templates",
  arguments: [{ name: 'ACCOUNT', about: 'its id or name' }],
  input: z.object({ ACCOUNT: z.string() }),
  run: async (session, { ACCOUNT }) => {
    const { id, defaultTemplateType } = await findAccount(session, ACCOUNT);
    const templateCodes = await readTemplateCodes(session.db.kysely, id);
    return {
      json: { accountId: id, defaultTemplateType, templateCodes },
      lines: table([
        ['TEMPLATE', 'TYPE'],
        ...templateCodes.map(({ code, templateType }) => [code, templateType]),
        ['any other', defaultTemplateType],
      ]),
    };
  },
});
