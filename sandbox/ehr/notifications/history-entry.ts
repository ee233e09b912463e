import {
  type ContentLevel,
  focusOf,
  type NotificationContent,
  type SubscriptionEvent,
  subscriptionUrl,
} from './types.ts';

type Verb = 'GET' | 'POST' | 'PUT' | 'DELETE';

interface HistoryEntry<Resource> {
  readonly fullUrl: string;
  readonly resource?: Resource;
  readonly request: { readonly method: Verb; readonly url: string };
  readonly response?: { readonly status: string; readonly etag?: string; readonly lastModified?: string };
}

const INTERACTION = {
  create: { method: 'POST', status: '201' },
  update: { method: 'PUT', status: '200' },
  delete: { method: 'DELETE', status: '204' },
} as const;

/** First entry of a notification: the status, as if answered to `GET Subscription/{id}/$status`. */
export function statusEntry<Status, Resource>(status: Status, content: NotificationContent<Resource>) {
  return {
    fullUrl: `urn:uuid:${content.statusId}`,
    resource: status,
    request: { method: 'GET' as const, url: `${subscriptionUrl(content.subscription)}/$status` },
    response: { status: '200' },
  };
}

/** Entries of the changed resources: none for `empty`, without the resource for `id-only`. */
export function changeEntries<Resource>(content: NotificationContent<Resource>): HistoryEntry<Resource>[] {
  if (content.content === 'empty') return [];
  return content.events.map((event) => changeEntry(content.content, content.subscription.baseUrl, event));
}

function changeEntry<Resource>(
  level: ContentLevel,
  baseUrl: string,
  { change }: SubscriptionEvent<Resource>,
): HistoryEntry<Resource> {
  const { method, status } = INTERACTION[change.interaction];
  const focus = focusOf(change);
  return {
    fullUrl: `${baseUrl}/${focus}`,
    ...(level === 'full-resource' && change.resource !== undefined ? { resource: change.resource } : {}),
    request: { method, url: change.interaction === 'create' ? change.type : focus },
    response: { status, etag: `W/"${change.version}"`, lastModified: change.at },
  };
}
