export { createSearch, type Search, type SearchOptions, type SearchUpdate } from './create-search.js'
