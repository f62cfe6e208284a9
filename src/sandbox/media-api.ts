import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ApiRequest, ApiRoute } from './api-route.ts';
import { LegacyApiError, OpenApiError } from './errors.ts';
import { type Media, mediaOfDownloadCode, mediaPath, pictureType } from './media.ts';
import type { Platform } from './platform.ts';

const UPLOAD_BYTES = 20 * 1024 * 1024;
/** What a form adds around its file. */
const FORM_BYTES = 64 * 1024;
const VOICE_BYTES = 2 * 1024 * 1024;

const uploadSchema = z.object({ type: z.enum(['image', 'voice', 'video', 'file']), file: z.instanceof(File) });

/** Uploading a file, and finding one that a person sent. */
export function mediaRoutes(platform: Platform): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/media/upload',
      token: 'query',
      bodyLimit: UPLOAD_BYTES + FORM_BYTES,
      handle: async (request) => {
        const { type, file } = await readForm(request);
        const bytes = Buffer.from(await file.arrayBuffer());
        if (type === 'image' && pictureType(bytes) === undefined) {
          throw new LegacyApiError(40005, '不合法的文件类型: 图片支持 jpg、gif、png、bmp');
        }
        if (bytes.length === 0 || bytes.length > (type === 'voice' ? VOICE_BYTES : UPLOAD_BYTES)) {
          throw new LegacyApiError(40006, '不合法的文件大小');
        }
        return { errcode: 0, errmsg: 'ok', type, media_id: platform.media.add(bytes), created_at: platform.now() };
      },
    },
    {
      method: 'POST',
      path: '/v1.0/robot/messageFiles/download',
      token: 'header',
      handle: ({ body }) => {
        const parsed = z.looseObject({ robotCode: z.string(), downloadCode: z.string() }).safeParse(body.json);
        const id = mediaOfDownloadCode(parsed.data?.downloadCode ?? '');
        if (parsed.data?.robotCode !== platform.directory.app.robotCode) {
          throw new OpenApiError(400, 'invalidParameter.robotCode.invalid', '无效的 robotCode');
        }
        if (platform.media.get(id) === undefined) {
          throw new OpenApiError(400, 'invalidParameter.downloadCode.invalid', '无效的 downloadCode');
        }
        return { downloadUrl: `${platform.url()}${mediaPath(id)}` };
      },
    },
  ];
}

/** Serves what was uploaded: pictures to look at, anything else to save. */
export function mediaFiles(media: Media): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.get(mediaPath(':id'), async (request, reply) => {
      const file = media.get(z.object({ id: z.string() }).parse(request.params).id);
      if (file === undefined) return reply.code(404).send('There is no such file.');
      const picture = pictureType(file);
      if (picture === undefined) reply.header('content-disposition', 'attachment');
      return reply
        .type(picture ?? 'application/octet-stream')
        .header('cache-control', 'private, max-age=31536000, immutable')
        .send(file);
    });
  };
}

/** The upload's form: a file named `media`, and its type in the form or in the query. */
async function readForm({ body, headers, query }: ApiRequest): Promise<z.infer<typeof uploadSchema>> {
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(body.raw), {
      headers: { 'content-type': headers['content-type'] ?? '' },
    }).formData();
  } catch {
    throw new LegacyApiError(40035, '不合法的参数: 请用 multipart/form-data 上传');
  }
  const parsed = uploadSchema.safeParse({ type: form.get('type') ?? query.type, file: form.get('media') });
  if (parsed.success) return parsed.data;
  const [field] = parsed.error.issues[0]?.path ?? [];
  if (field === 'type') throw new LegacyApiError(40004, '不合法的媒体文件类型');
  throw new LegacyApiError(40035, '不合法的参数: media');
}
