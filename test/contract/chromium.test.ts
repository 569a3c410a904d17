import { testContractIn } from './in-browser.js'

testContractIn('chromium')
