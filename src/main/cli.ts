#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Halves the time a command takes from its second run on; must be switched on before anything else is loaded.
enableCompileCache()
const { run } = await import('./program.ts')
await run()
