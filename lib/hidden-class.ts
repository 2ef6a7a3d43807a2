/** The cost of looking at what Express hands on. */
import { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Express gives each request and response another prototype. What is set on them after that makes V8 before Node 24
 * give each of them a hidden class of its own, so that nothing it has learned from one helps with the next: every
 * property that Node, Express, the host or the router looks at is looked up anew, for some 0.3 us. From Node 24 on they
 * share one.
 */
const IS_LOST = Number(process.versions.node.split('.', 1)[0]) < 24;

/**
 * Makes all requests, and all responses, of an Express app share a hidden class again: an object that has lost a property
 * keeps the others in a hash table, and hash tables are of one class. The property is set again at once, as it was.
 * It pays for itself several times over before a request is answered, by whomever.
 */
export function shareHiddenClass(req: IncomingMessage, res: ServerResponse): void {
  if (!IS_LOST) return;
  // The property is any one that Node sets itself, early: the newest one would leave no trace.
  setAgain(req, 'statusMessage', IncomingMessage.prototype);
  setAgain(res, 'sendDate', ServerResponse.prototype);
}

/** @param native The prototype that Node itself gives: where it is left, nothing was lost. */
function setAgain(object: object, name: string, native: object): void {
  if (Object.getPrototypeOf(object) === native) return;
  const own = Object.getOwnPropertyDescriptor(object, name);
  // What a host has made of it is left alone.
  if (own?.writable !== true || !own.enumerable || !own.configurable) return;
  const fields = object as Record<string, unknown>;
  delete fields[name];
  fields[name] = own.value;
}
