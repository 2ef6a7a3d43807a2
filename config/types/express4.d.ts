// express4 is an alias of express@4 (package.json); its types come with no alias of their own.
declare module 'express4' {
  import express from 'express';
  export default express;
}
