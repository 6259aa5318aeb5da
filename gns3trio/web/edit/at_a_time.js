// Does the same for each of many, some at a time, as a browser sends only some requests at once.

const AT_A_TIME = 6;

// The results in the order of the items. After an error nothing more is begun, and the error is thrown.
export async function mapSome(items, action, most = AT_A_TIME) {
  const results = items.map(() => undefined);
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const place = next;
      next += 1;
      try {
        results[place] = await action(items[place]);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
  return results;
}
