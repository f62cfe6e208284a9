/** What to do about a code of DingTalk's; the first expression that fits. docs/dingtalk-setup.md explains the same at length. */
const ADVICE: readonly (readonly [code: RegExp, advice: string])[] = [
  [
    /^(invalidClientIdOrSecret|authFailed)$/,
    'Copy Client ID and Client Secret once more from the developer console (your app > Credentials and Basic Info) to ' +
      'DINGTALK_CLIENT_ID and DINGTALK_CLIENT_SECRET. Both must be of the same app.',
  ],
  [
    /^systemError$/,
    'In the developer console, see that the app has a robot in Stream mode, that the robot is enabled, that a version is ' +
      'published, and that the IP list, if there is one, has the address that this machine goes out with.',
  ],
  [
    /AccessTokenPermissionDenied$/,
    'In the developer console (your app > Permission Management), grant the permission that is named: robot messages need ' +
      'qyapi_robot_sendmsg, cards Card.Instance.Write, names of people qyapi_get_member. Then publish a version.',
  ],
  [
    /IpNotInWhiteList$/,
    'Add the address that this machine goes out with to the app’s IP list (developer console > your app > Security Settings).',
  ],
  [
    /(ApiCountLimitForOrg|^90020|^20001)$/,
    'The organization’s calls of this month are used up. Buy more in DingTalk’s admin console, or wait for the 1st.',
  ],
  [
    /^invalidParameter\.robotCode/,
    'Set DINGTALK_ROBOT_CODE to the code that the developer console shows for the robot.',
  ],
  [
    /^(network\.|timeout$)/,
    'See that this machine reaches api.dingtalk.com, oapi.dingtalk.com and wss-open-connection*.dingtalk.com at port 443 ' +
      '(DNS, firewall, proxy), or what DINGTALK_API_BASE and DINGTALK_OAPI_BASE name.',
  ],
  [
    /^http\.5|^system\.|^answer\.invalid$/,
    'DingTalk itself has trouble, or something stands between. Try again in some minutes.',
  ],
  [
    /^(invalid\.openConversationId|group\.disbanded|robot\.oto\.notExist|300001|card\.notDelivered)$/,
    'Name a conversation that the robot is in: "npm run cli -- account show ACCOUNT --json" shows those of authorized groups.',
  ],
  [
    /^(staffId\.notExisted|local\.nobodyReached|60121)$/,
    'Name the user id of somebody of the organization who is within the app’s range of visibility.',
  ],
  [/^(bot\.|chatbotId\.)/, 'Enable the robot in the developer console and in the group’s settings.'],
  [
    /^param\.template/,
    'Leave DINGTALK_CARD_TEMPLATE_ID away for the public template, or publish the template that it names.',
  ],
];

export const OTHER_ADVICE =
  'docs/dingtalk-setup.md lists the errors. With the request id, DingTalk’s support can look it up.';

/** What to do about a code of DingTalk's, or of the connection to it. */
export function adviceFor(code: string): string {
  return ADVICE.find(([pattern]) => pattern.test(code))?.[1] ?? OTHER_ADVICE;
}
