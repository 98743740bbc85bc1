import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { eventKinds, noFilter } from "../../src/protocol/session-panel";
import type { EventFilter, EventKind, StepChoice, StreamInfo } from "../../src/protocol/session-panel";
import { numberText, plural } from "../ui/format";
import { Dropdown, Link, TextField } from "../ui/toolkit";

/** The steps that match what was typed. */
export interface StepChoices {
  readonly text: string;
  readonly choices: readonly StepChoice[];
  readonly more: number;
}

export interface FiltersProps {
  readonly info: StreamInfo;
  readonly filter: EventFilter;
  readonly steps: StepChoices | undefined;
  readonly onFilter: (filter: EventFilter) => void;
  /** Asks for the steps that match the text. */
  readonly onSteps: (text: string) => void;
  /** Stops looking through the events, or goes on with it. */
  readonly onLook: (on: boolean) => void;
}

const kinds = Object.entries(eventKinds).map(([value, label]) => ({ value, label }));

const isKind = (value: string): value is EventKind | "" => value === "" || value in eventKinds;

/** What is shown of the session; the transcript and the events have the same filters. */
export function Filters({ info, filter, steps, onFilter, onSteps, onLook }: FiltersProps): JSX.Element {
  const isFiltered = Object.values(filter).some((value) => value !== "");
  return (
    <div class="filters" role="search" aria-label="Filter events">
      <Dropdown
        label="Kind"
        value={filter.kind}
        all="All kinds"
        choices={kinds}
        onChange={(kind) => isKind(kind) && onFilter({ ...filter, kind })}
      />
      <Dropdown
        label="Role"
        value={filter.role}
        all="All roles"
        choices={info.roles.map((role) => ({ value: role, label: role }))}
        onChange={(role) => onFilter({ ...filter, role })}
      />
      <StepFilter
        value={filter.step}
        steps={steps}
        onSteps={onSteps}
        onChoose={(step) => onFilter({ ...filter, step })}
      />
      <TextField
        label="Text"
        value={filter.text}
        placeholder="Filter by text"
        hiddenLabel
        onInput={(text) => onFilter({ ...filter, text })}
      />
      <span class="hint count" role="status">
        {countText(info)}
      </span>
      {info.looks !== undefined && (
        <Link onPress={() => onLook(info.looks === false)}>
          {info.looks ? "Stop looking" : "Look further"}
        </Link>
      )}
      {isFiltered && <Link onPress={() => onFilter(noFilter)}>Clear filters</Link>}
    </div>
  );
}

interface StepFilterProps {
  readonly value: string;
  readonly steps: StepChoices | undefined;
  readonly onSteps: (text: string) => void;
  readonly onChoose: (step: string) => void;
}

/** A field that finds a step by part of its name, in a session of any number of steps. */
function StepFilter({ value, steps, onSteps, onChoose }: StepFilterProps): JSX.Element {
  const [text, setText] = useState(value);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  useEffect(() => setText(value), [value]);
  const { choices = [], more = 0 } = steps ?? {};
  const shown = open && steps !== undefined;
  const look = (typed: string): void => {
    setText(typed);
    setOpen(true);
    setActive(-1);
    onSteps(typed);
  };
  const choose = (step: string): void => {
    setOpen(false);
    setText(step);
    onChoose(step);
  };
  const leave = (): void => {
    setOpen(false);
    // What matches no step was not chosen.
    if (text.trim() === "") onChoose("");
    else setText(value);
  };
  return (
    <div class="step-filter">
      <input
        class="field"
        type="text"
        role="combobox"
        aria-label="Step"
        aria-expanded={shown}
        aria-controls="step-choices"
        aria-autocomplete="list"
        aria-activedescendant={shown && active >= 0 ? `step-choice-${active}` : undefined}
        placeholder="All steps"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={({ currentTarget }) => look(currentTarget.value)}
        onFocus={({ currentTarget }) => currentTarget.select()}
        onClick={() => look("")}
        onBlur={leave}
        onKeyDown={(event) => {
          const move = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
          if (move !== 0) {
            event.preventDefault();
            if (!shown) look("");
            else setActive(Math.max(0, Math.min(choices.length - 1, active + move)));
          } else if (event.key === "Enter") {
            const picked = choices[active] ?? choices.find((choice) => choice.value === text) ?? choices[0];
            if (text.trim() === "" && active < 0) choose("");
            else if (shown && picked !== undefined) choose(picked.value);
          } else if (event.key === "Escape" && shown) {
            event.stopPropagation();
            setOpen(false);
            setText(value);
          }
        }}
      />
      <div id="step-choices" class="choices" role="listbox" aria-label="Steps" hidden={!shown}>
        {shown && (
          <>
            {choices.map((choice, index) => (
              <div
                key={`${choice.value} ${choice.about}`}
                id={`step-choice-${index}`}
                class="choice"
                role="option"
                aria-selected={index === active}
                onMouseDown={(event) => {
                  event.preventDefault();
                  choose(choice.value);
                }}
              >
                <span>{choice.value}</span> <span class="hint">{choice.about}</span>
              </div>
            ))}
            {(more > 0 || choices.length === 0) && (
              <div class="choice hint" role="option" aria-disabled="true" aria-selected="false">
                {more > 0 ? `${numberText(more)} more: type part of a name` : "No step has this name."}
              </div>
            )}
          </>
        )}
      </div>
    </div>
  );
}

function countText({ matching, total, scanned, looks }: StreamInfo): string {
  const all = plural(total, "event");
  if (scanned !== undefined) {
    const percent = Math.floor((100 * scanned) / total);
    const progress = looks === false ? `stopped after ${percent} %` : `${percent} % looked through`;
    return `${numberText(matching)} of ${all}, ${progress}`;
  }
  return matching === total ? all : `${numberText(matching)} of ${all}`;
}
