// @ts-check

/**
 * A request, and the JSON of its answer.
 *
 * @param {string} method
 * @param {string} url
 * @param {unknown} body a text as it is, else its JSON
 * @param {Record<string, string | undefined>} [headers] those that are undefined are left out
 * @param {readonly number[]} [accepted] statuses beside 2xx that are no mistake
 * @throws {Error} what the server answered, where that is a refusal
 */
export async function ask(method, url, body, headers = {}, accepted = []) {
  const given = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...Object.fromEntries(given) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok && !accepted.includes(response.status)) throw new Error(`${method} ${url} answered ${response.status}: ${text}`)
  return text
}

/** @param {readonly unknown[]} values @returns {string} a line of JSON each */
export const lines = (values) => values.map((value) => `${JSON.stringify(value)}\n`).join('')
