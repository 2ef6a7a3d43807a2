/** The package's version, as `GET /v0/status` shows it. A test holds it equal to package.json. */
export const VERSION = '0.1.0';
