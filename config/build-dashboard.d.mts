/** The page's files: text by name. */
export function buildPage(): Promise<{ readonly [name: string]: string }>;
