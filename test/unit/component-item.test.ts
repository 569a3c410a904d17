import { expect, test } from 'vitest'
import { safeAddress } from '../../src/component/item.js'

test.each([
  ['wake', 'https://example.org/docs/', 'https://example.org/docs/wake'],
  ['//example.com/x', 'https://example.org/', 'https://example.com/x'],
  // Pages of extensions, of apps and on a disk have their neighbours there.
  ['wake.html#lock', 'chrome-extension://abcdef/search.html', 'chrome-extension://abcdef/wake.html#lock'],
  ['/wake', 'tauri://localhost/index.html', 'tauri://localhost/wake'],
  ['wake.html', 'file:///docs/index.html', 'file:///docs/wake.html'],
  ['file:///etc/passwd', 'file:///docs/index.html', undefined],
  ['chrome://settings', 'chrome-extension://abcdef/search.html', undefined],
  ['java\nscript:alert(1)', 'chrome-extension://abcdef/search.html', undefined],
  ['data:text/html,x', 'data:text/html,y', undefined],
  ['wake', 'data:text/html,y', undefined],
  ['', 'https://example.org/', undefined],
])('%s in %s leads to %s', (url, base, address) => {
  expect(safeAddress(url, base)).toBe(address)
})
