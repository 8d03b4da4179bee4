/**
 * Resolves once `stop`, called at the first SIGTERM or SIGINT, has. Further signals call it again:
 * whoever asks twice does not want to wait.
 */
export async function untilTold(stop: (signal: NodeJS.Signals) => Promise<void>): Promise<void> {
  const names = ["SIGTERM", "SIGINT"] as const;
  let told: (signal: NodeJS.Signals) => void = () => undefined;
  await new Promise<void>((resolve, reject) => {
    told = (signal) => void stop(signal).then(resolve, reject);
    for (const name of names) process.on(name, told);
  }).finally(() => {
    for (const name of names) process.off(name, told);
  });
}
