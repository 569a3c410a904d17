import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { InvalidInputError, messageOf } from '../errors.js'

export interface Address {
  host: string
  /** 0: any that is free. */
  port: number
}

/** Connections that wait at the most, as Node has it. */
const BACKLOG = 511

/** The port. Connections go to whoever takes them at the time; nothing is read of them here. */
export class Listener {
  readonly #server: Server
  #taken = 0

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', () => this.#taken++)
  }

  /** @throws InvalidInputError (`invalid-option`) where there is no such host, or the port is in use or not ours to use */
  static async open(address: Address, take: (socket: Socket) => void): Promise<Listener> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, take)
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(cannotListen(address, cause)))
      server.listen(address.port, address.host, BACKLOG, resolve)
    })
    return new Listener(server)
  }

  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
  }

  /** Take no more; those that were taken stay. */
  async close(): Promise<void> {
    // The system has accepted connections that wait to be taken here, and would reset them. A turn of the loop may take no more than one,
    // and this one may not look again.
    for (let turns = 0, quiet = 0; quiet < 2 && turns < BACKLOG; turns++) {
      const before = this.#taken
      await new Promise((resolve) => setImmediate(resolve))
      quiet = this.#taken > before ? 0 : quiet + 1
    }
    this.#server.close()
  }
}

/** Why there is no server at an address. */
function cannotListen({ host, port }: Address, cause: NodeJS.ErrnoException): InvalidInputError {
  const refusal = (option: string, sentence: string) => new InvalidInputError('invalid-option', sentence, { option, cause })
  switch (cause.code) {
    case 'EADDRINUSE':
      return refusal('port', `Port ${port} of ${host} is in use; end what listens there, or name another with --port.`)
    case 'EACCES':
      return refusal('port', `Port ${port} may not be used by this user; name one from 1024 with --port.`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return refusal('host', `${host} is no address of this machine; name one with --host, or 0.0.0.0 for all of them.`)
    default:
      return refusal('host', `The server cannot listen on ${host}, port ${port}: ${messageOf(cause)}.`)
  }
}
