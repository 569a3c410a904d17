// Not Intl: its first use loads tables for some 13 ms while the page starts. English and Chinese both write 4,675.

/** 4675 → 4,675 */
export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',')
