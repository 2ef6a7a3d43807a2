/** The clouds' faces: the only file of the page that names them. A prefix that is not here is shown as it is. */

export interface CloudFace {
  readonly name: string;
  /** What to set before the server starts. */
  readonly variables?: CloudVariables;
}

export interface CloudVariables {
  readonly key: string;
  readonly keyExample: string;
  readonly baseUrl: string;
  readonly baseUrlDefault: string;
}

const FACES: ReadonlyMap<string, CloudFace> = new Map([
  [
    'openai',
    {
      name: 'OpenAI',
      variables: {
        key: 'OPENAI_API_KEY',
        keyExample: 'sk-...',
        baseUrl: 'OPENAI_BASE_URL',
        baseUrlDefault: 'https://api.openai.com/v1',
      },
    },
  ],
  [
    'google',
    {
      name: 'Google',
      variables: {
        key: 'GOOGLE_API_KEY',
        keyExample: '...',
        baseUrl: 'GOOGLE_API_BASE_URL',
        baseUrlDefault: 'https://generativelanguage.googleapis.com/v1beta',
      },
    },
  ],
  [
    'anthropic',
    {
      name: 'Anthropic',
      variables: {
        key: 'ANTHROPIC_API_KEY',
        keyExample: 'sk-ant-...',
        baseUrl: 'ANTHROPIC_API_BASE_URL',
        baseUrlDefault: 'https://api.anthropic.com/v1',
      },
    },
  ],
]);

export function faceOf(prefix: string): CloudFace {
  return FACES.get(prefix) ?? { name: prefix };
}

/** Names the custom properties of the style sheet: `--cloud-<tone>`. */
export function toneOf(prefix: string): string {
  return FACES.has(prefix) ? prefix : 'other';
}

/** The cloud a model id names, if it is one of those. */
export function prefixOf(id: string, prefixes: readonly string[]): string | undefined {
  return prefixes.find((prefix) => id.startsWith(`${prefix}:`));
}
