import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { OpenApiError } from './errors.ts';
import type { Platform } from './platform.ts';

/** Reads a body; a wrong type is the platform's general parameter error. */
export function parse<S extends z.ZodType>(schema: S, json: unknown): z.output<S> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path[0] ?? 'body';
  throw invalid(`invalidParameter.${String(field)}.invalid`, `无效的参数: ${String(field)}`);
}

export function invalid(code: string, message: string): OpenApiError {
  return new OpenApiError(400, code, message);
}

/** Throws the platform's error where this is not the robot of the app. */
export function checkRobotCode(platform: Platform, robotCode: string): void {
  if (robotCode === '') throw invalid('invalidParameter.robotCode.empty', 'robotCode 不能为空');
  if (robotCode !== platform.directory.app.robotCode)
    throw invalid('invalidParameter.robotCode.notExsit', 'robotCode 不存在');
}

/** The platform's receipt for a message. */
export function processQueryKey(): string {
  return randomBytes(24).toString('base64url');
}
