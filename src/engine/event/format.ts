/** Version of the journal's format; additional optional fields keep it, any other change raises it. */
export const journalFormat = 1;
