import { type Command, commonOptions, type OptionSpec } from './command.js'
import { modelOptions } from './model.js'

/** What `page-rerank --help` prints. */
export function programHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return `Rerank search results with a model on this machine.

Usage: page-rerank <command> [arguments] [options]

Commands
${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

page-rerank <command> --help tells more about each; page-rerank --version prints the version.
Data goes to stdout, everything else to stderr. The exit code is 0, 1 on failure, 130 after Ctrl-C.
`
}

/** What `page-rerank <command> --help` prints. */
export function commandHelp({ name, usage, summary, details, options, examples }: Command): string {
  const those = (belongs: (key: string) => boolean) => Object.fromEntries(Object.entries(options).filter(([key]) => belongs(key)))
  const groups: [string, Record<string, OptionSpec>][] = [
    // A command may give a model's option a meaning of its own.
    ['Options', those((key) => !(key in commonOptions) && options[key] !== modelOptions[key as keyof typeof modelOptions])],
    ['Model', those((key) => options[key] === modelOptions[key as keyof typeof modelOptions])],
    ['Everywhere', commonOptions],
  ]
  const width = Math.max(...Object.entries(options).map(([key, spec]) => label(key, spec).length))
  const sections = groups
    .filter(([, specs]) => Object.keys(specs).length > 0)
    .map(([title, specs]) => {
      const lines = Object.entries(specs).map(([key, spec]) => `  ${label(key, spec).padEnd(width)}  ${spec.help}`)
      return `${title}\n${lines.join('\n')}\n`
    })
  // An example that starts with another program names this one itself.
  const lines = examples.map((example) => `  ${example.includes('page-rerank') ? example : `page-rerank ${example}`}`)
  return `${summary}

Usage: page-rerank ${name} ${usage}

${details}

${sections.join('\n')}
Examples
${lines.join('\n')}
`
}

function label(name: string, { value }: OptionSpec): string {
  return value ? `--${name} ${value}` : `--${name}`
}
