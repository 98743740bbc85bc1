import type { BuiltinTool } from "./band";

/** What each tool does, for models, help and documentation. */
export const toolDescriptions: Readonly<Record<BuiltinTool, string>> = {
  read_file: "Reads a text file: a file that the team wrote, or else one of the project.",
  list_dir: "Lists a folder: files that the team wrote and files of the project.",
  search_files: "Finds the lines that contain a text, in the team's files and the project's.",
  write_file: "Writes a whole file. It is proposed as a change of the project; a person decides.",
  edit_file: "Replaces one exact piece of a file by another.",
  delete_file: "Deletes a file that the team wrote, or proposes to delete one of the project.",
  update_notes: "Writes notes that every role sees.",
  set_verdict: "Gives the step's verdict and ends the step.",
};
