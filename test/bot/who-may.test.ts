import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/bot/commands/index.ts';
import type { NameOf } from '../../src/bot/inbound.ts';
import { parse } from '../../src/bot/parse.ts';
import zhCn from '../../src/bot/texts/zh-CN.ts';
import { QUOTA_LEVEL } from '../../src/domain/alert.ts';
import { newOutTrackId } from '../../src/services/announce.ts';
import { openAlert, readOpenAlerts } from '../../src/store/alerts.ts';
import { insertCard } from '../../src/store/cards.ts';
import { inTransaction } from '../../src/store/database.ts';
import { deleteAdministrator, insertAdministrator } from '../../src/store/groups.ts';
import type { NoticeButton } from '../../src/store/notices.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { accountState, changedTables } from './account-state.ts';
import { ADMIN, BotWorld, CORP, EXTERNAL, MEMBER, type Person, type QueuedNotice } from './bot-world.ts';
import { type Outcome, PEOPLE, type Row, readTable, type Who } from './who-may-table.ts';

const { db } = await createTestDatabase();
const TABLE = readTable();

const FORMER = { staffId: 'zhouming', name: '周明' };
const OUTSIDER = { staffId: 'sunli', name: '孙丽' };
const OTHER_ADMIN = { staffId: 'chenjie', name: '陈洁' };
/** The group has one more administrator, so that the others are never the last. */
const SECOND = { staffId: 'liufang', name: '刘芳' };
const ASKER = { staffId: 'wangqiang', name: '王强' };

/** What the platform says of people whom it asks about: nobody knows the external one by a staff id. */
const nameOf: NameOf = async (staffId) => (staffId === 'external' ? null : staffId);

const SPEAKERS: Record<Who, Person> = {
  administrator: ADMIN,
  member: MEMBER,
  outsider: OUTSIDER,
  external: EXTERNAL,
  elsewhere: ADMIN,
  another: ADMIN,
  former: FORMER,
};

/** Two accounts with a group each. A cell that changed something gets fresh ones for the next. */
class Scene {
  readonly here: BotWorld;
  readonly there: BotWorld;
  readonly elsewhere: string;

  private constructor(here: BotWorld, there: BotWorld) {
    this.here = here;
    this.there = there;
    this.elsewhere = `${here.group}-elsewhere`;
  }

  static async open(): Promise<Scene> {
    const here = await new BotWorld(db, { nameOf }).setUp();
    const there = await new BotWorld(db, { nameOf }).setUp();
    await inTransaction(db, async (tx) => {
      const theirs = { corpId: CORP, conversationId: there.group };
      await insertAdministrator(tx, theirs, OTHER_ADMIN, there.clock.now());
      await deleteAdministrator(tx, theirs, ADMIN.staffId);
      const ours = { corpId: CORP, conversationId: here.group };
      await insertAdministrator(tx, ours, FORMER, here.clock.now());
      await insertAdministrator(tx, ours, SECOND, here.clock.now());
    });
    return new Scene(here, there);
  }

  /** Everything that anybody could have changed, by account. */
  async state() {
    return {
      here: await accountState(db, this.here.accountId, [this.here.group, this.elsewhere]),
      there: await accountState(db, this.there.accountId, [this.there.group]),
    };
  }

  conversationOf(who: Who): string {
    if (who === 'elsewhere') return this.elsewhere;
    return who === 'another' ? this.there.group : this.here.group;
  }

  async type(who: Who, words: string): Promise<QueuedNotice> {
    const { text, mentions } = mentioned(words);
    const speaker = SPEAKERS[who];
    const place = who === 'outsider' ? this.here.direct(speaker) : { conversationId: this.conversationOf(who) };
    return this.here.say(speaker, text, { mentions, ...place });
  }

  /** Presses a button that stands for these words, on a card of the group. */
  async press(who: Who, words: string): Promise<QueuedNotice> {
    const outTrackId = newOutTrackId();
    const { text } = mentioned(words);
    await inTransaction(db, (tx) =>
      insertCard(
        tx,
        {
          outTrackId,
          accountId: this.here.accountId,
          corpId: CORP,
          conversationId: this.here.group,
          buttons: [{ id: 'it', label: text, style: 'plain', command: text }],
          subject: null,
          actsIn: null,
        },
        this.here.clock.now(),
      ),
    );
    const conversationId = who === 'outsider' ? null : this.conversationOf(who);
    return this.here.click(SPEAKERS[who].staffId ?? 'external', outTrackId, 'it', { conversationId });
  }

  /** The words with a request's code or a binding code in them. */
  async filled(words: string): Promise<string> {
    if (words.startsWith('{paused}')) {
      await this.here.say(SECOND, '暂停');
      return words;
    }
    if (words.startsWith('{alert}')) {
      await this.#raiseAlert();
      return words;
    }
    if (words.includes('{bind}')) return words.replace('{bind}', await this.here.groupCode());
    if (!words.includes('{code}')) return words;
    await this.here.say(ASKER, '自动续费 关');
    const { code } = await db.kysely
      .selectFrom('approvals')
      .select('code')
      .where('account_id', '=', this.here.accountId)
      .where('state', '=', 'pending')
      .executeTakeFirstOrThrow();
    return words.replace('{code}', code);
  }

  /** One critical alert that waits for an answer. */
  async #raiseAlert(): Promise<void> {
    const { accountId, clock } = this.here;
    await inTransaction(db, async (tx) => {
      if ((await readOpenAlerts(tx, accountId)).length > 0) return;
      const condition = { kind: 'quota', subject: '', level: QUOTA_LEVEL.exhausted } as const;
      await openAlert(tx, accountId, condition, clock.now());
    });
  }

  async dismissFormer(): Promise<void> {
    const ours = { corpId: CORP, conversationId: this.here.group };
    await inTransaction(db, (tx) => deleteAdministrator(tx, ours, FORMER.staffId));
  }
}

function mentioned(written: string) {
  const words = written.replace(/^\{(paused|alert)\}/, '');
  const person = { dingtalkId: '$:LWCP_v1:$li', staffId: 'wangqiang' };
  return words.includes('{person}')
    ? { text: words.replace('{person}', '@wangqiang'), mentions: [person] }
    : { text: words, mentions: [] };
}

/** Pressed where the card is not, a button does nothing, whoever presses it. */
function whenPressed(row: Row, who: Who): Outcome {
  return ['outsider', 'elsewhere', 'another'].includes(who) ? 'refuses' : row.outcomes[who];
}

const REFUSALS = [zhCn['refused.title'], zhCn['decide.not_administrator.title']];
const seenButtons = new Map<string, NoticeButton>();

async function outcomeOf(scene: Scene, answer: QueuedNotice, changed: readonly string[]): Promise<Outcome> {
  for (const button of answer.content.buttons)
    seenButtons.set(button.command.replaceAll(/\b[2-9A-HJ-NP-Z]{4}\b/g, '…'), button);
  if (changed.length > 0) {
    if (!changed.every((table) => table === 'approvals')) return 'acts';
    const pending = await db.kysely
      .selectFrom('approvals')
      .select('confirm')
      .where('account_id', 'in', [scene.here.accountId, scene.there.accountId])
      .where('state', '=', 'pending')
      .execute();
    const [last] = pending.slice(-1);
    return last ? (last.confirm ? 'confirms' : 'requests') : 'acts';
  }
  if (REFUSALS.includes(answer.content.title)) return 'refuses';
  return answer.content.markdown.includes('npm run cli -- group code') &&
    answer.content.title !== zhCn['bind.how.title']
    ? 'guides'
    : 'tells';
}

describe('who may do what (rules 16 to 18), as who-may.md has it', () => {
  for (const way of ['type', 'press'] as const) {
    // A press mentions nobody.
    const rows = TABLE.filter(({ words }) => way === 'type' || !words.includes('{person}'));
    it.each(rows)(`$words, ${way === 'type' ? 'typed' : 'pressed'}`, async (row) => {
      const actual: Partial<Record<Who, Outcome>> = {};
      let scene: Scene | undefined;
      for (const who of PEOPLE) {
        scene ??= await Scene.open();
        const words = await scene.filled(row.words);
        if (who === 'former') await scene.dismissFormer();
        const before = await scene.state();
        const answer = await scene[way](who, words);
        const after = await scene.state();
        const here = changedTables(before.here, after.here);
        const there = changedTables(before.there, after.there);
        // Whatever is done in another account's group, this account knows nothing of it.
        if (who === 'another') expect({ who, here }).toEqual({ who, here: [] });
        else expect({ who, there }).toEqual({ who, there: [] });
        actual[who] = await outcomeOf(scene, answer, [...here, ...there]);
        if (here.length + there.length > 0 || words !== row.words) scene = undefined;
      }
      const expected = Object.fromEntries(
        PEOPLE.map((who) => [who, way === 'type' ? row.outcomes[who] : whenPressed(row, who)]),
      );
      expect(actual).toEqual(expected);
    });
  }

  it('given all commands, then each has a row, and each row is read as its command', () => {
    expect([...new Set(TABLE.map(({ command }) => command))].toSorted()).toEqual(Object.keys(COMMANDS).toSorted());
    for (const { command, words } of TABLE) {
      expect({ words, parsed: parse(mentioned(words).text) }).toMatchObject({
        words,
        parsed: { type: 'command', command },
      });
    }
  });

  it('given the buttons of all these answers, then each stands for a command, typed as it is', () => {
    expect(seenButtons.size).toBeGreaterThan(5);
    for (const { command } of seenButtons.values()) {
      expect({ command, parsed: parse(command) }).toMatchObject({ command, parsed: { type: 'command' } });
    }
  });
});
