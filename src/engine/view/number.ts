export { grouped } from "../model/grouped";
