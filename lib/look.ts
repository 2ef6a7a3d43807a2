/** How a request or a response is looked at once. */

/**
 * The property of Express's `req` or `res`, as `object[name]` would have it, own or inherited.
 *
 * Express gives each of them a prototype, and what is set on them after that makes V8 of Node 20 and 22 give each a
 * hidden class of its own. `object.name` then misses every cache and fills them in vain, for two to five times what
 * this takes: it looks through the object and its prototypes and remembers nothing. Where the same property is looked at
 * more than once for a request, as with every piece of a stream, `object.name` is the faster one.
 */
export const look: <T extends object, Name extends keyof T>(object: T, name: Name) => T[Name] = Reflect.get;
