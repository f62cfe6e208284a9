import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ApiRoute } from './api-route.ts';
import { LegacyApiError } from './errors.ts';
import type { Platform } from './platform.ts';
import { type Person, unionIdOf } from './world.ts';

/** Who people are. None of it counts towards the monthly quota. */
export function contactRoutes({ directory }: Platform): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/topapi/v2/user/get',
      token: 'query',
      handle: ({ body }) => {
        const person = known(directory.staff(field(body.json, 'userid')));
        return answer({
          userid: person.userId,
          unionid: unionIdOf(person.userId),
          name: person.name,
          avatar: '',
          title: '',
          dept_id_list: [1],
          admin: false,
          boss: false,
          active: true,
        });
      },
    },
    {
      method: 'POST',
      path: '/topapi/user/getbyunionid',
      token: 'query',
      handle: ({ body }) => {
        const person = known(directory.staffByUnionId(field(body.json, 'unionid')));
        return answer({ contact_type: 0, userid: person.userId });
      },
    },
  ];
}

function answer(result: unknown): unknown {
  return { errcode: 0, errmsg: 'ok', result, request_id: randomUUID() };
}

function field(json: unknown, name: string): string {
  const parsed = z.looseObject({ [name]: z.string().min(1) }).safeParse(json);
  if (!parsed.success) throw new LegacyApiError(40035, `不合法的参数: ${name}`);
  return String(parsed.data[name]);
}

function known(person: Person | undefined): Person {
  if (person === undefined) throw new LegacyApiError(60121, '找不到该用户');
  return person;
}
