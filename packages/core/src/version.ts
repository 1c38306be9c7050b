/** The version of Ecotope, which lineage and STAC items name. All packages carry the same. */
export const VERSION = '0.1.0'
