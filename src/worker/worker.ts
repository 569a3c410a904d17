import { expose } from 'comlink'
import { createWorkerApi } from './api.js'

expose(createWorkerApi())
