/** A first guess at a SKU from a file's name: without its suffix and without what says which angle it is. */
export const skuOf = (name: string): string => {
  const bare = name.replace(/\.[a-z0-9]{2,5}$/i, "");
  return bare.replace(/[\s_-]+(main|front|back|side|top|detail|angle\s*\d*|0\d)$/i, "") || bare;
};
