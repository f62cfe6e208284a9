import type { SandboxWorld } from '../../../src/sandbox/world.ts';
import type { Language } from '../../../src/store/groups.ts';
import { APP } from '../sandbox-world.ts';

export const CORP = 'dingtestcorp';
export const OPS_GROUP = 'cidOpsGroup';
export const LUNCH_GROUP = 'cidLunchGroup';

/** Who speaks in scripts, by the id that the platform knows them by. Zhang Wei administers the group; Zhao Min is of another organization. */
const NAMES = {
  zhangwei: { 'zh-CN': '张伟', en: 'Zhang Wei' },
  liuyang: { 'zh-CN': '刘洋', en: 'Liu Yang' },
  lina: { 'zh-CN': '李娜', en: 'Li Na' },
  wangqiang: { 'zh-CN': '王强', en: 'Wang Qiang' },
  zhaomin: { 'zh-CN': '赵敏', en: 'Zhao Min' },
} as const satisfies Record<string, Record<Language, string>>;

export type UserId = keyof typeof NAMES;

const ROBOT = { 'zh-CN': '短信管家', en: 'SMS Steward' };
const PLACES = {
  ops: { 'zh-CN': '短信运维群', en: 'SMS operations' },
  lunch: { 'zh-CN': '午餐群', en: 'Lunch' },
  direct: { 'zh-CN': '私聊', en: 'direct' },
};

/** The people and places of a script, in its language. */
export class Cast {
  readonly language: Language;

  constructor(language: Language) {
    this.language = language;
  }

  get robot(): string {
    return ROBOT[this.language];
  }

  get groupTitle(): string {
    return PLACES.ops[this.language];
  }

  get userIds(): UserId[] {
    return Object.keys(NAMES) as UserId[];
  }

  nameOf(userId: string): string {
    return Object.hasOwn(NAMES, userId) ? NAMES[userId as UserId][this.language] : userId;
  }

  /** @throws Error for a name that nobody has */
  userIdOf(name: string): UserId {
    const found = this.userIds.find((userId) => this.nameOf(userId) === name);
    if (!found) throw new Error(`nobody is called ${name}`);
    return found;
  }

  /** Where somebody speaks; the group unless another place is named. */
  conversationOf(userId: UserId, place: string | null): string {
    if (place === null || place === PLACES.ops[this.language]) return OPS_GROUP;
    if (place === PLACES.lunch[this.language]) return LUNCH_GROUP;
    if (place === PLACES.direct[this.language]) return `direct:${userId}`;
    throw new Error(`there is no place called ${place}`);
  }

  /** How a place is called in a transcript; nothing for the group that the script is about. */
  placeOf(conversationId: string): string {
    if (conversationId === OPS_GROUP) return '';
    if (conversationId === LUNCH_GROUP) return ` @ ${PLACES.lunch[this.language]}`;
    return ` @ ${PLACES.direct[this.language]} ${this.nameOf(conversationId.replace('direct:', ''))}`;
  }

  get conversationIds(): string[] {
    return [OPS_GROUP, LUNCH_GROUP, ...this.userIds.filter((id) => id !== 'zhaomin').map((id) => `direct:${id}`)];
  }

  /** What people type, with the ids by which the platform knows who is mentioned. */
  withMentions(words: string): string {
    return this.userIds.reduce((text, userId) => text.replaceAll(`@${this.nameOf(userId)}`, `@${userId}`), words);
  }

  world(): SandboxWorld {
    const members = this.userIds.map((userId) => ({
      userId,
      role:
        userId === 'zhangwei' ? ('admin' as const) : userId === 'zhaomin' ? ('outsider' as const) : ('member' as const),
    }));
    return {
      app: { ...APP, robotName: this.robot },
      corpId: CORP,
      people: this.userIds.map((userId) => ({ userId, name: this.nameOf(userId), external: userId === 'zhaomin' })),
      conversations: [
        { id: OPS_GROUP, title: PLACES.ops[this.language], members },
        { id: LUNCH_GROUP, title: PLACES.lunch[this.language], members: members.slice(2) },
      ],
    };
  }
}
