// Part of the service worker: tells the open pages of each request that it sees, from their workers too, so that the
// page can show how many a search makes. It answers none of them.
self.addEventListener('fetch', (event) => {
  const { url } = event.request
  const time = Date.now()
  event.waitUntil(
    self.clients.matchAll({ type: 'window' }).then((pages) => {
      for (const page of pages) page.postMessage({ type: 'request', url, time })
    }),
  )
})
