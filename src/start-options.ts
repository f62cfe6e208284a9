import { parseArgs } from 'node:util';
import type { Config } from './config.ts';

/** What `npm start -- …` may be told, beside the settings. */
export interface StartOptions {
  /** The path of a world file for the sandbox. */
  readonly world: string | undefined;
}

/** A command line that `npm start` does not understand; `message` says what to type. */
export class StartOptionsError extends Error {
  override readonly name = 'StartOptionsError';
  readonly code = 'usage';
  readonly chinese =
    '启动参数无法识别。用法：npm start，或 npm start -- --world FILE（按世界文件启动沙盒；设置了钉钉应用时不能用）。';
}

const USAGE = 'Usage: npm start, or npm start -- --world FILE for a sandbox on the world of this file.';

/** @throws StartOptionsError */
export function readStartOptions(args: readonly string[], config: Pick<Config, 'dingtalk'>): StartOptions {
  let world: string | undefined;
  try {
    world = parseArgs({ args: [...args], options: { world: { type: 'string' } } }).values.world;
  } catch (error) {
    throw new StartOptionsError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
  if (world !== undefined && config.dingtalk) {
    throw new StartOptionsError(
      '--world is for the sandbox, and a DingTalk app is set. Leave --world away, or unset DINGTALK_CLIENT_ID and ' +
        'DINGTALK_CLIENT_SECRET to run the sandbox.',
    );
  }
  return { world };
}
