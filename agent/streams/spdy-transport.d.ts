/** The compression dictionaries of SPDY by version: the one part of the package that is used. */
declare module "spdy-transport/lib/spdy-transport/protocol/spdy/dictionary.js" {
  const dictionaries: Record<number, Buffer>;
  export default dictionaries;
}
