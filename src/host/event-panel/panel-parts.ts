import type * as vscode from "vscode";
import type { ReviewModel } from "../artifacts/review-model";
import type { ErrorPresenter } from "../errors";
import type { Reports } from "../history/reports";
import type { SessionRegistry } from "../session/session-registry";
import type { KeptViews } from "./kept-views";

/** What the panels of all sessions work with. */
export interface PanelParts {
  readonly extension: vscode.Uri;
  readonly sessions: SessionRegistry;
  readonly model: ReviewModel;
  readonly reports: Reports;
  readonly views: KeptViews;
  readonly errors: ErrorPresenter;
}
