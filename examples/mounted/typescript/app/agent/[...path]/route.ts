// What the control plane sends: dispatches, decisions, cancellations, all verified.
import { agent } from "../../../agent.ts";

export const runtime = "nodejs";
export const dynamic = "force-dynamic";

export const GET = (request: Request) => agent.handle(request);
export const POST = GET;
