// One WebSocket for everything that is live: JSON-RPC 2.0 (docs/asyncapi.yaml). It connects when somebody subscribes, comes
// back by itself, and subscribes again behind what it got last, so that nothing the engine still has is missed.
import { parseJson, writeJson, type JsonRecord } from '../api/json';

export type LinkState = 'connecting' | 'live' | 'lost';

export interface Subscription {
  topic: 'events' | 'executions' | 'metrics' | 'presence';
  filter?: JsonRecord;
  cursor?: string | undefined; // go on behind it; without one: from now on
  on: (params: JsonRecord) => void; // one notification
  missed?: (reason: string, count: number | undefined) => void;
  refused?: (message: string) => void;
}

interface Open extends Subscription {
  id: string | undefined; // the server's name for it on this connection
}

/** Tells this page's own presence from that of others. */
export const thisPage = Math.random().toString(36).slice(2, 10);

const firstPause = 500;
const longestPause = 10_000;

function alike(a: Open, b: Open): boolean {
  return a.topic === b.topic && JSON.stringify(a.filter ?? {}) === JSON.stringify(b.filter ?? {});
}

class Link {
  private socket: WebSocket | undefined;
  private state: LinkState = 'connecting';
  private readonly subscriptions = new Set<Open>();
  private readonly watchers = new Set<() => void>();
  private readonly waiting = new Map<number, (answer: JsonRecord) => void>();
  private calls = 0;
  private place: string | undefined;
  private doing: JsonRecord = {};
  private pause = firstPause;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Returns what ends it. */
  subscribe(wanted: Subscription): () => void {
    const open: Open = { ...wanted, id: undefined };
    this.subscriptions.add(open);
    if (this.socket?.readyState === WebSocket.OPEN) this.open(open);
    else this.connect();
    return () => {
      this.subscriptions.delete(open);
      if (open.id !== undefined && ![...this.subscriptions].some((each) => each.id === open.id))
        this.call('unsubscribe', { subscription: open.id });
    };
  }

  /** Tells the others where this page is, and what is done there. Without a state the last one at that place stays. */
  present(place: string, state?: JsonRecord): void {
    if (this.place === place && state === undefined) return;
    this.place = place;
    this.doing = state ?? {};
    this.tellPlace();
  }

  private tellPlace(): void {
    if (this.place !== undefined) this.call('presence.set', { place: this.place, state: { ...this.doing, page: thisPage } });
  }

  readonly watch = (changed: () => void): (() => void) => {
    this.watchers.add(changed);
    return () => { this.watchers.delete(changed); };
  };
  readonly current = (): LinkState => this.state;

  private connect(): void {
    if (this.socket || this.timer) return;
    const scheme = window.location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(`${scheme}//${window.location.host}/api/v1/ws`, ['rowhook']);
    this.socket = socket;
    socket.onopen = () => {
      this.pause = firstPause;
      this.become('live');
      for (const each of this.subscriptions) this.open(each);
      this.tellPlace();
    };
    socket.onmessage = (message) => { this.receive(String(message.data)); };
    socket.onclose = () => { this.closed(); };
  }

  private closed(): void {
    this.socket = undefined;
    this.waiting.clear();
    for (const each of this.subscriptions) each.id = undefined;
    if (this.subscriptions.size === 0) return;
    this.become('lost');
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.connect();
    }, this.pause);
    this.pause = Math.min(longestPause, this.pause * 2);
  }

  private become(state: LinkState): void {
    this.state = state;
    for (const each of this.watchers) each();
  }

  private open(each: Open): void {
    const params: JsonRecord = { topic: each.topic };
    if (each.filter) params['filter'] = each.filter;
    if (each.cursor) params['cursor'] = each.cursor;
    this.call('subscribe', params, (answer) => {
      const result = answer['result'] as JsonRecord | undefined;
      if (!result && this.share(each)) return;
      if (!result) {
        each.refused?.(String((answer['error'] as JsonRecord | undefined)?.['message'] ?? 'refused'));
        return;
      }
      const id = String(result['subscription']);
      const takers = [...this.subscriptions].filter((other) => other === each || (other.id === undefined && alike(other, each)));
      if (takers.length === 0) this.call('unsubscribe', { subscription: id }); // ended before the answer came
      for (const taker of takers) {
        taker.id = id;
        if (typeof result['cursor'] === 'string') taker.cursor = result['cursor'];
        if (result['present'] !== undefined) taker.on(result);
      }
    });
  }

  /** The server keeps one subscription of a kind for a connection: it serves everybody who wants the same. */
  private share(each: Open): boolean {
    each.id ??= [...this.subscriptions].find((other) => other.id !== undefined && alike(other, each))?.id;
    return each.id !== undefined;
  }

  private call(method: string, params: JsonRecord, answered?: (answer: JsonRecord) => void): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.calls += 1;
    if (answered) this.waiting.set(this.calls, answered);
    this.socket.send(writeJson({ jsonrpc: '2.0', id: this.calls, method, params }));
  }

  private receive(text: string): void {
    const message = parseJson(text) as JsonRecord;
    if (message['id'] !== undefined) {
      const answered = this.waiting.get(Number(message['id']));
      this.waiting.delete(Number(message['id']));
      answered?.(message);
      return;
    }
    const params = message['params'] as JsonRecord | undefined;
    if (!params) return;
    for (const each of this.subscriptions) {
      if (each.id !== params['subscription']) continue;
      if (typeof params['cursor'] === 'string') each.cursor = params['cursor'];
      if (message['method'] === 'missed') each.missed?.(String(params['reason']), typeof params['missed'] === 'number' ? params['missed'] : undefined);
      else each.on(params);
    }
  }
}

export const link = new Link();
