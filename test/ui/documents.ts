/** What the small apps search. */
export interface Entry {
  id: string
  body: string
}

export const ENTRIES: Entry[] = [
  { id: 'bread', body: 'Fold the dough four times, rest it overnight, bake it hot.' },
  { id: 'lamp', body: 'A lamp that clips onto a screen and lights the desk.' },
  { id: 'wake', body: 'Request a lock that prevents the device from dimming or locking the screen while your page is visible.' },
  { id: 'geo', body: 'Ask where the device is, once or again and again.' },
  { id: 'print', body: 'Press ink through a mesh onto cloth.' },
]

/** Everything, from the last to the first: an order that no model gives. What keeps it for longer than it is shown keeps some 200 kB. */
export const findAll = async (): Promise<Entry[]> =>
  ENTRIES.toReversed().map((entry) => ({ ...entry, ballast: Array.from({ length: 10_000 }, (_, i) => i) }))

/** What the apps have in common, for the tests that drive them. */
export interface App {
  /** Show a search box with the model at an address; `n` makes its options unlike those of others. */
  mount(options: { model: string; n?: number }): void
  type(query: string): void
  unmount(): void
}

/** What an app shows, as its elements say it. */
export interface Shown {
  status: string
  stage: string
  pending: string
  ids: string[]
  error: string
}
