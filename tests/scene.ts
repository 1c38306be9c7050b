/** The small scene beside which documentation examples run. */

/** Writes the files into an existing folder. */
export async function writeDocsScene(_folder: string): Promise<void> {}
