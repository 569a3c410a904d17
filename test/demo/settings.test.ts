import { describe, expect, test } from 'vitest'
import { DEFAULTS, readSettings, writeSettings } from '../../src/demo/settings.js'

describe('settings in the address', () => {
  test('come back as they were written', () => {
    const settings = {
      ...DEFAULTS,
      q: 'a & b?',
      corpus: 'own',
      device: 'wasm',
      dtype: 'q8',
      pool: 250,
      budget: 500,
      model: 'owner/name',
      compare: 'ms-marco-MiniLM-L6',
      lang: 'zh',
    } as const
    expect(readSettings(writeSettings(settings))).toEqual(settings)
  })

  test('defaults leave no trace', () => {
    expect(writeSettings(DEFAULTS)).toBe('')
  })

  test('what is unknown or out of range falls back', () => {
    expect(readSettings('?device=tpu&dtype=&corpus=x&pool=NaN&budget=-5')).toEqual(DEFAULTS)
    expect(readSettings('?pool=-1').pool).toBe(0)
    expect(readSettings('?pool=100000').pool).toBe(400)
    expect(readSettings('?lang=fr').lang).toBe('')
    expect(readSettings('?lang=zh-Hant-TW').lang).toBe('zh')
  })
})
