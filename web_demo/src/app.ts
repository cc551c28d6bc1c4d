/** The page: starts everything and says what happens. */
import { Page } from "./ui/page.ts";

void new Page().start();
