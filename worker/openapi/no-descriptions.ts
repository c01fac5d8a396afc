/** Stands for `#openapi-descriptions` wherever the Worker was not built (tests, type checks): no texts. */
export const packed: string = "";
