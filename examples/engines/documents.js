// @ts-check

/** What the examples of this folder put into an index named page-rerank-example. */
export const DOCUMENTS = [
  ['reset', 'git reset', 'git reset --soft HEAD~1 takes back the newest commit and leaves your files as they are.'],
  ['revert', 'git revert', 'git revert writes a new commit that undoes an older one, for branches that others have fetched.'],
  ['undo-send', 'Undo in the editor', 'Press Ctrl+Z to undo the last keystrokes, and Ctrl+Y to do them again.'],
  ['message', 'Commit messages', 'The first line of a commit says what it does; the last lines name those who helped.'],
  ['stash', 'Putting changes aside', 'git stash keeps unfinished work for later and gives you a clean tree.'],
  ['bisect', 'Finding the commit that broke it', 'git bisect halves the history until the first bad commit is left.'],
].map(([id = '', title = '', body = '']) => ({ id, title, body }))

/** The first argument is the query. */
export const query = process.argv[2] ?? 'undo the last commit but keep my files'

/** @typedef {{ title: string, body: string }} Hit */
