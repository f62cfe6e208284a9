const sendPrefix = 'dtmd://dingtalkclient/sendMessage';
const pagePrefix = 'dingtalk://dingtalkclient/page/link';

/**
 * What a click on an address in a bot's message does: `{send}`, say these words as the person who clicks; `{open}`, show this web page;
 * or null, nothing, because it is neither.
 */
export function linkTarget(address) {
  if (address.startsWith(sendPrefix)) {
    const words = parameterOf(address, 'content').trim();
    return words === '' ? null : { send: words };
  }
  const page = address.startsWith(pagePrefix) ? parameterOf(address, 'url') : address;
  return /^https?:\/\/\S+$/i.test(page) ? { open: page } : null;
}

function parameterOf(address, name) {
  return new URLSearchParams(address.split('?').slice(1).join('?')).get(name) ?? '';
}
