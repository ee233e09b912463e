import { createHash } from 'node:crypto';
import type * as r4 from 'fhir/r4';
import type * as r5 from 'fhir/r5';
import { prose } from '../narrative.ts';
import { clinician } from '../people.ts';
import { DOCUMENTS } from '../terminology.ts';
import { concept, type Draft, encounter, identifier, meta, stage, subject } from './draft.ts';

export function documentReferenceR4(draft: Draft): r4.DocumentReference {
  const base = common(draft);
  const { size, ...attachment } = attach(draft);
  return {
    ...base,
    docStatus: stage(draft, ['preliminary', 'final', 'amended']),
    content: [{ attachment: { ...attachment, size } }],
    context: { encounter: [encounter(draft)], period: { start: draft.at } },
  };
}

/** R5 has the encounter as a plain reference, and `Attachment.size` is an integer64: a JSON string. */
export function documentReferenceR5(draft: Draft): r5.DocumentReference {
  const base = common(draft);
  const { size, ...attachment } = attach(draft);
  return {
    ...base,
    docStatus: stage(draft, ['preliminary', 'final', 'amended']),
    content: [{ attachment: { ...attachment, size: String(size) } }],
    context: [encounter(draft)],
    period: { start: draft.at },
  };
}

function common(draft: Draft) {
  return {
    resourceType: 'DocumentReference' as const,
    id: draft.id,
    meta: meta(draft),
    identifier: identifier(draft, 'document'),
    status: 'current' as const,
    type: concept(draft.traits.pick(DOCUMENTS)),
    subject: subject(draft),
    date: draft.at,
    author: [clinician(draft.traits)],
    description: `Synthetic document, version ${draft.version}`,
  };
}

function attach(draft: Draft) {
  const content = Buffer.from(prose(draft.random, draft.attachmentBytes));
  return {
    contentType: 'text/plain; charset=utf-8',
    language: 'en',
    data: content.toString('base64'),
    size: content.length,
    // FHIR's Attachment.hash is SHA-1 by definition.
    hash: createHash('sha1').update(content).digest('base64'),
    title: 'Sample note',
    creation: draft.at,
  };
}
