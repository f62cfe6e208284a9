import type { Sentence } from '../../domain/sentence.ts';

/** What to do about a code of DingTalk's; the first expression that fits. docs/dingtalk-setup.md explains the same at length. */
const ADVICE: readonly (readonly [code: RegExp, advice: Sentence])[] = [
  [
    /^(invalidClientIdOrSecret|authFailed)$/,
    {
      english:
        'Copy Client ID and Client Secret once more from the developer console (your app > Credentials and Basic Info) to ' +
        'DINGTALK_CLIENT_ID and DINGTALK_CLIENT_SECRET. Both must be of the same app.',
      chinese:
        '请从开发者后台（应用 > 凭证与基础信息）重新复制 Client ID 和 Client Secret，填入 DINGTALK_CLIENT_ID 和 DINGTALK_CLIENT_SECRET；两者须属于同一个应用。',
    },
  ],
  [
    /^systemError$/,
    {
      english:
        'In the developer console, see that the app has a robot in Stream mode, that the robot is enabled, that a version is ' +
        'published, and that the IP list, if there is one, has the address that this machine goes out with.',
      chinese:
        '请在开发者后台确认：应用的机器人是 Stream 模式并已启用，版本已发布；若设置了 IP 白名单，其中有本机的出口地址。',
    },
  ],
  [
    /AccessTokenPermissionDenied$/,
    {
      english:
        'In the developer console (your app > Permission Management), grant the permission that is named: robot messages need ' +
        'qyapi_robot_sendmsg, cards Card.Instance.Write, names of people qyapi_get_member. Then publish a version.',
      chinese:
        '请在开发者后台（应用 > 权限管理）开通所列的权限：机器人消息需要 qyapi_robot_sendmsg，卡片需要 Card.Instance.Write，姓名需要 qyapi_get_member；然后发布版本。',
    },
  ],
  [
    /IpNotInWhiteList$/,
    {
      english:
        'Add the address that this machine goes out with to the app’s IP list (developer console > your app > Security Settings).',
      chinese: '请把本机的出口地址加入应用的 IP 白名单（开发者后台 > 应用 > 安全设置）。',
    },
  ],
  [
    /(ApiCountLimitForOrg|^90020|^20001)$/,
    {
      english:
        'The organization’s calls of this month are used up. Buy more in DingTalk’s admin console, or wait for the 1st.',
      chinese: '组织本月的接口调用量已用完。请在钉钉管理后台购买，或等到下月 1 日。',
    },
  ],
  [
    /^invalidParameter\.robotCode/,
    {
      english: 'Set DINGTALK_ROBOT_CODE to the code that the developer console shows for the robot.',
      chinese: '请把 DINGTALK_ROBOT_CODE 设为开发者后台显示的机器人编码。',
    },
  ],
  [
    /^(network\.|timeout$)/,
    {
      english:
        'See that this machine reaches api.dingtalk.com, oapi.dingtalk.com and wss-open-connection*.dingtalk.com at port 443 ' +
        '(DNS, firewall, proxy), or what DINGTALK_API_BASE and DINGTALK_OAPI_BASE name.',
      chinese:
        '请确认本机能访问 api.dingtalk.com、oapi.dingtalk.com 和 wss-open-connection*.dingtalk.com 的 443 端口（DNS、防火墙、代理），或 DINGTALK_API_BASE 和 DINGTALK_OAPI_BASE 所指的地址。',
    },
  ],
  [
    /^http\.5|^system\.|^answer\.invalid$/,
    {
      english: 'DingTalk itself has trouble, or something stands between. Try again in some minutes.',
      chinese: '钉钉本身有故障，或中间有别的东西挡着。请过几分钟再试。',
    },
  ],
  [
    /^(invalid\.openConversationId|group\.disbanded|robot\.oto\.notExist|300001|card\.notDelivered)$/,
    {
      english:
        'Name a conversation that the robot is in: "npm run cli -- account show ACCOUNT --json" shows those of authorized groups.',
      chinese: '请给出机器人所在的会话：npm run cli -- account show ACCOUNT --json 会列出已授权的群。',
    },
  ],
  [
    /^(staffId\.notExisted|local\.nobodyReached|60121)$/,
    {
      english: 'Name the user id of somebody of the organization who is within the app’s range of visibility.',
      chinese: '请给出本组织中、在应用可见范围内的人的用户 ID。',
    },
  ],
  [
    /^(bot\.|chatbotId\.)/,
    {
      english: 'Enable the robot in the developer console and in the group’s settings.',
      chinese: '请在开发者后台和群设置里启用机器人。',
    },
  ],
  [
    /^param\.template/,
    {
      english: 'Leave DINGTALK_CARD_TEMPLATE_ID away for the public template, or publish the template that it names.',
      chinese: '请不设 DINGTALK_CARD_TEMPLATE_ID 以使用公共模板，或发布它所指的模板。',
    },
  ],
];

export const OTHER_ADVICE: Sentence = {
  english: 'docs/dingtalk-setup.md lists the errors. With the request id, DingTalk’s support can look it up.',
  chinese: '各种错误见 docs/dingtalk-setup.md。钉钉的客服可以凭请求 ID 查询。',
};

/** What to do about a code of DingTalk's, or of the connection to it. */
export function adviceFor(code: string): Sentence {
  return ADVICE.find(([pattern]) => pattern.test(code))?.[1] ?? OTHER_ADVICE;
}
