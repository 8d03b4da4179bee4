import { defineFlow, z } from "jobrunner";

/** At most two jobs of a tenant at once. */
export default defineFlow({
  name: "tenants",
  summary: "Works for a tenant",
  params: z.object({ tenant: z.string() }),
  clusterConcurrency: ({ tenant }) => ({ key: `tenant-${tenant}`, limit: 2 }),
  build(f, p) {
    f.task("work", { in: { tenant: p.tenant }, execute: ({ tenant }) => tenant });
  },
});
