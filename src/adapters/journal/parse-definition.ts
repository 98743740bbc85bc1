import { quickCheck } from "../../engine/event/quick-check";
import { definitionSchema, planSchema } from "../../engine/model/definition-schema";
import type { Definition, PlanNode } from "../../engine/model/definition";
import { once } from "../../engine/model/once";
import { Breath } from "../system/breath";

/** Steps that are checked at a time. */
const pieceSteps = 250;

type Read = ReturnType<typeof definitionSchema.safeParse>;

const isDefinition = once(() => quickCheck(definitionSchema));
const isPlan = once(() => quickCheck(planSchema));

function read(value: unknown): Read {
  return isDefinition()(value)
    ? { success: true, data: value as Definition }
    : definitionSchema.safeParse(value);
}

function readSteps(steps: readonly unknown[]): readonly PlanNode[] | undefined {
  return isPlan()(steps) ? (steps as readonly PlanNode[]) : planSchema.safeParse(steps).data;
}

/** The steps of a definition that is not checked yet, where they are a list. */
function stepsIn(value: unknown): { readonly score: object; readonly steps: readonly unknown[] } | undefined {
  if (typeof value !== "object" || value === null || !("score" in value)) return undefined;
  const { score } = value;
  if (typeof score !== "object" || score === null || !("steps" in score)) return undefined;
  return Array.isArray(score.steps) ? { score, steps: score.steps as readonly unknown[] } : undefined;
}

/** Checks what a definition's file holds; the thread is given away between the steps of a long Score. */
export async function parseDefinition(value: unknown): Promise<Read> {
  const found = stepsIn(value);
  if (found === undefined || found.steps.length <= pieceSteps) return read(value);
  const breath = new Breath();
  const steps: PlanNode[] = [];
  for (let from = 0; from < found.steps.length; from += pieceSteps) {
    const piece = readSteps(found.steps.slice(from, from + pieceSteps));
    // Checked as a whole, the problem has its right place.
    if (piece === undefined) return definitionSchema.safeParse(value);
    steps.push(...piece);
    await breath.pause();
  }
  const rest = read({ ...(value as object), score: { ...found.score, steps: [] } });
  if (!rest.success) return rest;
  const data: Definition = { ...rest.data, score: { ...rest.data.score, steps } };
  return { ...rest, data };
}
