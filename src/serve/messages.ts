import type { MetricObjectWithValues, MetricValue } from 'prom-client'

/** What a process counted, for Prometheus. */
export type Numbers = MetricObjectWithValues<MetricValue<string>>[]

/** `socket` comes with one, and is answered with `taken`; `ping` with `pong`, and `numbers` with them. `metrics` are those of all, as text. */
export type ToProcess =
  | { type: 'socket' }
  | { type: 'stop' }
  | { type: 'ping'; id: number }
  | { type: 'numbers'; id: number }
  | { type: 'metrics'; id: number; text: string }

/** `leaving`: it was told to end, and does so when it hears `stop`, behind the last connection. `metrics` asks for those of all. */
export type ToPrimary =
  | { type: 'ready' }
  | { type: 'taken' }
  | { type: 'leaving' }
  | { type: 'pong'; id: number }
  | { type: 'numbers'; id: number; numbers: Numbers }
  | { type: 'metrics'; id: number }
