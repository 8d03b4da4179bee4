/** True for names and addresses that only this machine answers to. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return /^(::ffff:)?127(\.\d{1,3}){3}$/.test(name) || name === "::1";
}
