import type { JSX } from "preact";
import { known, noUsage } from "../../src/protocol/session-panel";
import type { Counted, LimitUse, Usage, UsageRow, UsageScreen } from "../../src/protocol/session-panel";
import { costText, durationText, numberText, plural } from "../ui/format";

/** The numbers of a count, each with how it is known. */
export function countedText(counted: Counted, calls: number): string {
  const { measured, estimated, unknownCalls } = counted;
  if (calls > 0 && unknownCalls === calls) return "unknown";
  const parts = [
    ...(measured > 0 || (estimated === 0 && unknownCalls === 0) ? [numberText(measured)] : []),
    ...(estimated > 0 ? [`~${numberText(estimated)} estimated`] : []),
    ...(unknownCalls > 0 ? [`${plural(unknownCalls, "call")} unknown`] : []),
  ];
  return parts.join(" + ");
}

/** The cost of calls; calls without a price are never free. */
function priceText({ costUsd, unpricedCalls, calls }: Usage): string {
  if (calls === 0) return "–";
  if (unpricedCalls === calls) return "unknown";
  return unpricedCalls === 0
    ? costText(costUsd)
    : `${costText(costUsd)} + ${plural(unpricedCalls, "call")} unknown`;
}

interface UsageProps {
  readonly screen: UsageScreen | undefined;
}

/** What roles and steps used, as bars with their numbers, and what is left of the limits. */
export function UsageView({ screen }: UsageProps): JSX.Element {
  if (screen === undefined) return <p class="hint page-note">Loading …</p>;
  const { roles, steps, session, limits, scanned, total } = screen;
  return (
    <>
      {scanned !== undefined && (
        <p
          class="hint"
          role="status"
        >{`${Math.floor((100 * scanned) / total)} % of the events looked through`}</p>
      )}
      {limits.length > 0 && <Limits limits={limits} />}
      {session.calls === 0 ? (
        <p class="hint">No model has answered.</p>
      ) : (
        <>
          <UsageTable caption="By role" head="Role" rows={roles} session={session} />
          <UsageTable caption="By step, all its runs together" head="Step" rows={steps} session={session} />
          <p class="legend hint">
            <span class="key cached" /> input from the cache <span class="key input" /> other input{" "}
            <span class="key output" /> output. A number with ~ is an estimate; unknown counts are in no sum.
          </p>
        </>
      )}
    </>
  );
}

interface TableProps {
  readonly caption: string;
  readonly head: string;
  readonly rows: readonly UsageRow[];
  readonly session: Usage;
}

function UsageTable({ caption, head, rows, session }: TableProps): JSX.Element {
  const most = Math.max(1, ...rows.map(({ usage }) => known(usage.input) + known(usage.output)));
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={caption}>
      <table class="usage">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{head}</th>
            <th scope="col" class="chart">
              Tokens
            </th>
            <th scope="col">Input</th>
            <th scope="col">Of it cached</th>
            <th scope="col">Output</th>
            <th scope="col">Cost</th>
            <th scope="col">Calls</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, usage }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="chart">
                <TokenBar usage={usage} most={most} />
              </td>
              <Numbers usage={usage} />
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Session</th>
            <td class="chart" />
            <Numbers usage={session} />
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function Numbers({ usage }: { readonly usage: Usage }): JSX.Element {
  const { input, cached, output, calls, failedCalls } = usage;
  return (
    <>
      <td>{countedText(input, calls)}</td>
      <td>{known(cached) === 0 ? "–" : countedText(cached, calls)}</td>
      <td>{countedText(output, calls)}</td>
      <td>{priceText(usage)}</td>
      <td>
        {failedCalls === 0 ? numberText(calls) : `${numberText(calls)}, ${numberText(failedCalls)} failed`}
      </td>
    </>
  );
}

/** A bar for eyes only; the numbers stand beside it. */
function TokenBar({ usage = noUsage, most }: { readonly usage: Usage; readonly most: number }): JSX.Element {
  const cached = Math.min(known(usage.cached), known(usage.input));
  const parts = [
    { name: "cached", tokens: cached },
    { name: "input", tokens: known(usage.input) - cached },
    { name: "output", tokens: known(usage.output) },
  ];
  return (
    <span class="token-bar" aria-hidden="true">
      {parts.map(({ name, tokens }) =>
        tokens === 0 ? null : (
          <span
            key={name}
            class={`key-part ${name}`}
            style={{ width: `${((100 * tokens) / most).toFixed(2)}%` }}
          />
        ),
      )}
    </span>
  );
}

const limitWords: Readonly<Record<LimitUse["limit"], string>> = {
  total_tokens: "Tokens",
  cost_usd: "Cost",
  model_calls: "Model calls",
  duration_seconds: "Working time",
};

/** An amount in the unit of its limit. */
function amountText(limit: LimitUse["limit"], amount: number): string {
  if (limit === "cost_usd") return costText(amount);
  return limit === "duration_seconds" ? durationText(amount * 1000) : numberText(Math.round(amount));
}

function Limits({ limits }: { readonly limits: readonly LimitUse[] }): JSX.Element {
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="Limits">
      <table class="usage">
        <caption>Limits</caption>
        <thead>
          <tr>
            <th scope="col">Limit</th>
            <th scope="col" class="chart">
              Share
            </th>
            <th scope="col">Used</th>
            <th scope="col">Reserved</th>
            <th scope="col">Of</th>
            <th scope="col">Left</th>
          </tr>
        </thead>
        <tbody>
          {limits.map(({ limit, value = 0, used, reserved }) => (
            <tr key={limit}>
              <th scope="row">{limitWords[limit]}</th>
              <td class="chart">
                <span class="token-bar" aria-hidden="true">
                  <span
                    class={`key-part ${used + reserved >= value ? "full" : "output"}`}
                    style={{ width: `${Math.min(100, (100 * used) / Math.max(value, 1e-9)).toFixed(2)}%` }}
                  />
                </span>
              </td>
              <td>{amountText(limit, used)}</td>
              <td>{reserved === 0 ? "–" : amountText(limit, reserved)}</td>
              <td>{amountText(limit, value)}</td>
              <td>{amountText(limit, Math.max(0, value - used - reserved))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="hint">
        A call whose tokens the server did not count is counted with all that it could have used.
      </p>
    </div>
  );
}
