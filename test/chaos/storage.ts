/** Do to this thread what a browser does that blocks a page's storage. @returns how to undo it */
export function refuseStorage(): () => void {
  const { request } = LockManager.prototype
  const { open } = CacheStorage.prototype
  const refuse = () => Promise.reject(new DOMException('refused', 'SecurityError'))
  LockManager.prototype.request = refuse as typeof request
  CacheStorage.prototype.open = refuse
  return () => {
    LockManager.prototype.request = request
    CacheStorage.prototype.open = open
  }
}
