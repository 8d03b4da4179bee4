import type { ApiDocument, Parameter } from "../../lab/documented.js";

/** A schema as far as a fuzzer looks into it. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  /** As in the document: `/v1/jobs/{id}`. */
  readonly path: string;
  readonly parameters: readonly (Omit<Parameter, "schema"> & { readonly schema: Schema })[];
  readonly body?: Schema;
}

const METHODS = ["get", "post", "put", "patch", "delete"];
/** Schemas may stand inside themselves: deeper ones are any JSON. */
const DEPTH_MAX = 8;

/** Every operation of an OpenAPI document, its schemas without references. */
export function operationsOf(document: ApiDocument): readonly Operation[] {
  const whole = (schema: object): Schema => resolve(schema, document, 0) as Schema;
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      if (operation === undefined) return [];
      const { operationId: id, parameters = [], requestBody } = operation;
      const body = requestBody?.content["application/json"]?.schema;
      return [
        {
          ...{ id, method: method.toUpperCase(), path },
          parameters: parameters.map((each) => ({ ...each, schema: whole(each.schema) })),
          ...(body === undefined ? {} : { body: whole(body) }),
        },
      ];
    }),
  );
}

function resolve(value: unknown, document: ApiDocument, depth: number): unknown {
  if (Array.isArray(value)) return value.map((each) => resolve(each, document, depth));
  if (typeof value !== "object" || value === null) return value;
  const { $ref, ...rest } = value as { readonly $ref?: unknown };
  if (typeof $ref === "string") {
    const found = document.components.schemas[$ref.split("/").at(-1) ?? ""];
    return depth > DEPTH_MAX ? {} : resolve(found ?? {}, document, depth + 1);
  }
  const entries = Object.entries(rest).map(([key, each]) => [key, resolve(each, document, depth)]);
  return Object.fromEntries(entries);
}
