/** What a catalog kept as code imports from this package. It only gives the file its types. */
export const defineCatalog = (catalog) => catalog;
