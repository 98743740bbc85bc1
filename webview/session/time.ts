/** The time of day of an event, where the reader is. */
export function timeText(at: string, withMilliseconds = false): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  const pad = (value: number, length = 2): string => String(value).padStart(length, "0");
  const seconds = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return withMilliseconds ? `${seconds}.${pad(date.getMilliseconds(), 3)}` : seconds;
}
