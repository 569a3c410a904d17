export { type CascadeOptions, createCascade } from './create-cascade.js'
