import type { MetricObjectWithValues, MetricValue } from 'prom-client'

/** What a process counted, for Prometheus. */
export type Numbers = MetricObjectWithValues<MetricValue<string>>[]

/** `socket` comes with one, and is answered with `taken`; `ping` with `pong`, and `numbers` with them. `metrics` are those of all, as text. */
export type ToProcess =
  | { type: 'socket'; connection: number }
  | { type: 'stop' }
  | { type: 'ping'; id: number }
  | { type: 'numbers'; id: number }
  | { type: 'metrics'; id: number; text: string }

/**
 * `leaving`: it was told to end, and does so when it hears `stop`, behind the last connection. `metrics` asks for those of all. Of a
 * connection: it was `asked` something, begins to be `answered`, is `idle` again, is `closed`. Numbers that nobody asked for are its last.
 */
export type ToPrimary =
  | { type: 'asked' | 'answered' | 'idle' | 'closed'; connection: number }
  | { type: 'ready' }
  | { type: 'taken' }
  | { type: 'leaving' }
  | { type: 'pong'; id: number }
  | { type: 'numbers'; id?: number; numbers: Numbers }
  | { type: 'metrics'; id: number }
