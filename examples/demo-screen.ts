/** How the demo looks in a terminal. */
export interface Output {
  readonly write: (text: string) => void;
  readonly colour: boolean;
}

/** Colour for people only: not in a file or a pipe, and not where NO_COLOR is set (https://no-color.org). */
export function outputTo(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Output {
  return { write: (text) => void stream.write(text), colour: stream.isTTY && !env.NO_COLOR };
}

/** A line end, and the next line stands under the text of a field. */
const INDENTED = `\n${' '.repeat(12)}`;

export class Screen {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  line(text = ''): void {
    this.#output.write(`${text}\n`);
  }

  heading(text: string): void {
    this.line(this.#paint('1', text));
  }

  step(number: number, title: string): void {
    this.line();
    this.line(this.#paint('1', `${String(number).padStart(2)}  ${title}`));
  }

  /** A labelled line; further lines stand under the first. */
  field(label: string, text: string): void {
    this.openField(label, '');
    this.closeField(text);
  }

  /** Opens a labelled line whose text comes piece by piece. */
  openField(label: string, text: string): void {
    this.#output.write(`    ${this.#label(label)}${text}`);
  }

  /** The rest of an opened line. */
  closeField(text: string): void {
    this.line(text.replaceAll('\n', INDENTED));
  }

  /** One event of a stream: a bar before each shows where one ends and the next begins. */
  piece(text: string): void {
    this.#output.write(this.#paint('2', '|') + text.replaceAll('\n', INDENTED));
  }

  good(text: string): void {
    this.line(`    ${this.#paint('32', `✓ ${text}`)}`);
  }

  bad(text: string): void {
    const [first = '', ...rest] = text.split('\n');
    this.line(`    ${this.#paint('31', `✗ ${first}`)}`);
    for (const line of rest) this.line(`      ${line}`);
  }

  #label(text: string): string {
    return this.#paint('36', text.padEnd(8));
  }

  #paint(code: string, text: string): string {
    return this.#output.colour ? `\u001B[${code}m${text}\u001B[0m` : text;
  }
}
