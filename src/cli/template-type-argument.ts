import { z } from 'zod';
import { bilingual } from '../domain/sentence.ts';
import { TEMPLATE_TYPES } from '../domain/usage.ts';

const CHOICES = TEMPLATE_TYPES.join(', ');

/** A template type as it is typed. */
export const templateTypeArgument = z.enum(
  TEMPLATE_TYPES,
  bilingual(`must be one of ${CHOICES}`, `须为下列之一：${CHOICES}`),
);
