/** What was found for the last model: nearly all requests ask for the one that the request before has asked for. */
export function rememberLast<Found>(find: (model: string) => Found): (model: string) => Found {
  let lastModel: string | undefined;
  let last: Found;
  return (model) => {
    if (model !== lastModel) {
      last = find(model);
      lastModel = model;
    }
    return last;
  };
}
