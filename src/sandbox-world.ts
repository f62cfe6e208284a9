import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { worldSchema as dingtalkSchema, type SandboxWorld } from './sandbox/world.ts';
import { readWorldRecord, SandboxModeError, type WorldRecord } from './sandbox-data.ts';
import { catalogueSchema } from './services/catalogue.ts';
import { worldSchema as serviceSchema, type WorldAccounts } from './services/world.ts';

const SHIPPED = join(import.meta.dirname, '..', 'worlds');
const FIRST_START = 'first-start';

/** A world that has been read and found whole. */
export interface WorldFile extends WorldRecord {
  /** What the sandbox plays. */
  readonly dingtalk: SandboxWorld;
  /** The conversation in which whoever runs the service is told what only they can mend; null: the log. */
  readonly operatorConversationId: string | null;
  /** All of the file: what the service is set up with. */
  readonly content: unknown;
  /** Whether the file has changed since the data was set up from it; accounts stay as they are then. */
  readonly isChanged: boolean;
}

const idSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'give the world a name of small letters, digits and "-"');

/** Keys of their own must be known, so that a misspelt one is not silently an empty one. */
const fileSchema = z.strictObject({
  id: idSchema,
  about: z.array(z.string()).optional(),
  dingtalk: dingtalkSchema,
  operator: z.strictObject({ conversationId: z.string() }).optional(),
  tariffs: z.unknown().optional(),
  offers: z.unknown().optional(),
  accounts: z.unknown().optional(),
});

/**
 * The world to start the sandbox on `dataDir` with: the file that is given, else the one that is there, else that of the first start.
 *
 * @throws SandboxModeError `world_unreadable`, `world_invalid`, `world_differs` when `dataDir` holds another world
 */
export async function chooseWorld(dataDir: string, given?: string): Promise<WorldFile> {
  const there = await readWorldRecord(dataDir);
  const world = await readWorldFile(given ?? (there ? await fileOf(there) : shippedFile(FIRST_START)));
  if (there && there.id !== world.id) {
    throw new SandboxModeError(
      'world_differs',
      `${dataDir} holds the world "${there.id}", and ${world.file} is the world "${world.id}". ` +
        `Give this one a folder of its own (DATA_DIR=.data-${world.id} npm start -- --world ${world.file}), ` +
        'or remove what is there with "npm run sandbox:reset".',
    );
  }
  return { ...world, isChanged: there !== undefined && there.digest !== world.digest };
}

/** The checkout may have moved since; its own worlds are found by their names. */
async function fileOf(record: WorldRecord): Promise<string> {
  const isThere = await stat(record.file).catch(() => undefined);
  const shipped = shippedFile(record.id);
  if (isThere || !(await stat(shipped).catch(() => undefined))) return record.file;
  return shipped;
}

function shippedFile(id: string): string {
  return join(SHIPPED, `${id}.json`);
}

/**
 * Reads a world file and checks all of it, so that nothing is set up from a file that is wrong.
 *
 * @throws SandboxModeError `world_unreadable`, `world_invalid` with everything that is wrong
 */
export async function readWorldFile(path: string): Promise<Omit<WorldFile, 'isChanged'>> {
  const file = resolve(path);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new SandboxModeError(
      'world_unreadable',
      `The world ${file} cannot be read (${cause.code}). Give the path of a world file, such as worlds/first-start.json: ` +
        'npm start -- --world FILE',
      { cause },
    );
  });
  const content = parseJson(file, text);
  const parsed = fileSchema.safeParse(content);
  const parts = [parsed, catalogueSchema.safeParse(content), serviceSchema.safeParse(content)] as const;
  const problems = parts.flatMap(({ error }) => error?.issues ?? []).map(toProblem);
  const [world, catalogue, service] = parts;
  if (!world.success || !catalogue.success || !service.success) throw invalid(file, problems);
  const operatorConversationId = world.data.operator?.conversationId ?? null;
  const dangling = danglingReferences(world.data.dingtalk, catalogue.data, service.data.accounts);
  if (operatorConversationId !== null && !hasGroup(world.data.dingtalk, operatorConversationId)) {
    dangling.push(`operator.conversationId: dingtalk has no conversation "${operatorConversationId}"`);
  }
  if (dangling.length > 0) throw invalid(file, dangling);
  const digest = createHash('sha256').update(text).digest('hex');
  return { id: world.data.id, file, digest, dingtalk: world.data.dingtalk, operatorConversationId, content };
}

function hasGroup(dingtalk: z.output<typeof dingtalkSchema>, conversationId: string): boolean {
  return dingtalk.conversations.some(({ id }) => id === conversationId);
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(file, [`it is not JSON: ${error instanceof Error ? error.message : error}`]);
  }
}

function toProblem({ path, message }: z.core.$ZodIssue): string {
  return `${path.join('.') || 'the file'}: ${message}`;
}

function invalid(file: string, problems: readonly string[]): SandboxModeError {
  return new SandboxModeError(
    'world_invalid',
    `The world ${file} cannot be used:\n  ${[...new Set(problems)].join('\n  ')}\n` +
      'Mend the file, or start with another one: npm start -- --world FILE. worlds/first-start.json is an example.',
  );
}

/** What names something that the file does not have. */
function danglingReferences(
  dingtalk: z.output<typeof dingtalkSchema>,
  catalogue: z.output<typeof catalogueSchema>,
  accounts: WorldAccounts,
): string[] {
  const problems: string[] = [];
  const tariffs = new Set(catalogue.tariffs.map(({ id }) => id));
  const offers = new Set(catalogue.offers.map(({ id }) => id));
  const ids = new Set<string>();
  const bound = new Set<string>();
  for (const [index, account] of accounts.entries()) {
    const at = `accounts.${index}`;
    if (ids.has(account.id)) problems.push(`${at}.id: this id occurs twice`);
    ids.add(account.id);
    if (!tariffs.has(account.tariff)) problems.push(`${at}.tariff: there is no tariff "${account.tariff}"`);
    for (const [place, offer] of offersOf(account)) {
      if (!offers.has(offer)) problems.push(`${at}.${place}: there is no offer "${offer}"`);
    }
    for (const [position, group] of account.groups.entries()) {
      const where = `${at}.groups.${position}`;
      if (bound.has(group.conversationId)) problems.push(`${where}.conversationId: another account has this group`);
      bound.add(group.conversationId);
      problems.push(...problemsOfGroup(dingtalk, group).map((problem) => `${where}.${problem}`));
    }
  }
  return problems;
}

function offersOf({ past, autoRenewal }: WorldAccounts[number]): [place: string, offer: string][] {
  const bought = past.flatMap((event, index): [string, string][] =>
    event.type === 'purchase' ? [[`past.${index}.offer`, event.offer]] : [],
  );
  return autoRenewal ? [...bought, ['autoRenewal.offer', autoRenewal.offer]] : bought;
}

function problemsOfGroup(
  dingtalk: z.output<typeof dingtalkSchema>,
  group: WorldAccounts[number]['groups'][number],
): string[] {
  const conversation = dingtalk.conversations.find(({ id }) => id === group.conversationId);
  if (!conversation) return [`conversationId: dingtalk has no conversation "${group.conversationId}"`];
  const problems: string[] = [];
  if (group.corpId !== dingtalk.corpId) problems.push(`corpId: it is "${dingtalk.corpId}" in dingtalk`);
  for (const [index, { staffId }] of group.administrators.entries()) {
    const isMember = conversation.members.some(({ userId }) => userId === staffId);
    const isStaff = dingtalk.people.some(({ userId, external }) => userId === staffId && !external);
    if (!isMember || !isStaff) {
      problems.push(`administrators.${index}.staffId: "${staffId}" is no member of the group with a staff id`);
    }
  }
  return problems;
}
