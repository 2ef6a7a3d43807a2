/** Hosts to which a key may go without TLS: this machine and what is reached by a network of one's own. */
import { BlockList, isIP } from 'node:net';

const PRIVATE_ADDRESSES = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 32],
  ['10.0.0.0', 8],
  // Shared by the customers of one network (RFC 6598); Tailscale and some Kubernetes clusters live there.
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  PRIVATE_ADDRESSES.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  PRIVATE_ADDRESSES.addSubnet(net, bits, 'ipv6');

/** No name on the internet is a single word or ends so. */
const PRIVATE_NAME = /^[^.]+$|\.(?:local|localhost|internal)$/;

/** @param hostname As a URL has it: in lower case, IPv6 in brackets. */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$|\.$/g, '');
  const version = isIP(host);
  return version === 0
    ? PRIVATE_NAME.test(host)
    : PRIVATE_ADDRESSES.check(host, version === 4 ? 'ipv4' : 'ipv6');
}
